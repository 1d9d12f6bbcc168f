# SPDX-License-Identifier: EUPL-1.2
"""Custody of the authorities' keys."""
