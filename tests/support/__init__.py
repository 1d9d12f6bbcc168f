# SPDX-License-Identifier: EUPL-1.2
"""Helpers shared by tests."""
