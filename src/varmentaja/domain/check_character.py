# SPDX-License-Identifier: EUPL-1.2
"""The check character that identity codes and electronic identification numbers (SATU) share."""

from __future__ import annotations

CHECK_CHARACTERS = "0123456789ABCDEFHJKLMNPRSTUVWXY"
"""Digits and letters without G, I, O, Q and Z, which are easily misread: 31 characters."""


def check_character(digits: str) -> str:
    """The character that follows ``digits`` (ASCII digits only): their value modulo 31 as an index."""
    return CHECK_CHARACTERS[int(digits) % len(CHECK_CHARACTERS)]
