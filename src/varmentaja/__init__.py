# SPDX-License-Identifier: EUPL-1.2
"""Varmentaja: an open certificate service for social and health care."""

__version__ = "0.1.0"
