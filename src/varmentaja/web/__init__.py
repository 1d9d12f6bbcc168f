# SPDX-License-Identifier: EUPL-1.2
"""PAGES: one room per audience."""
