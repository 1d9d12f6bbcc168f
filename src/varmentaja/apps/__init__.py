# SPDX-License-Identifier: EUPL-1.2
"""RECORDS AND USE CASES: one Django app per context."""
