# SPDX-License-Identifier: EUPL-1.2
"""The business ID (Y-tunnus): seven digits, a hyphen and a check digit."""

from __future__ import annotations

import re

from varmentaja.domain.errors import invalid

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1)
# Old six-digit numbers are still written without their leading zero.
_SHAPE = re.compile(r"([0-9]{6,7})[-\u2010-\u2015\u2212]?([0-9])")


def parse_business_id(text: str) -> str:
    """The number as ``1234567-8``; it may come without hyphen or leading zero. ``DomainError`` if wrong."""
    found = _SHAPE.fullmatch(text.strip())
    if found is None:
        raise invalid(
            "A business ID is seven digits, a hyphen and a check digit, for example 0245437-2.",
            field="business_id",
        )
    body, check = found[1].zfill(7), found[2]
    if sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, body + check, strict=True)) % 11:
        raise invalid(
            "The business ID has a typing error: its last digit does not match.", field="business_id"
        )
    return f"{body}-{check}"
