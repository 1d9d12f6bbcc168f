# SPDX-License-Identifier: EUPL-1.2
"""Dates and numbers as each language writes them (``FORMAT_MODULE_PATH``)."""
