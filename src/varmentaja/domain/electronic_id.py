# SPDX-License-Identifier: EUPL-1.2
"""The electronic identification number (SATU, FINUID): eight digits and a check character, no birth data."""

from __future__ import annotations

import re

from varmentaja.domain.check_character import check_character
from varmentaja.domain.errors import invalid

_SHAPE = re.compile(r"[0-9]{8}[0-9A-Z]")


def parse_electronic_id(text: str) -> str:
    """The number in upper case without spaces around; ``DomainError`` (INVALID) if it is not one.

    The check character's rule agrees with every published specimen; its text in a primary source was
    not found.
    """
    number = text.strip().upper()
    if not _SHAPE.fullmatch(number):
        raise invalid(
            "An electronic identification number has eight digits and a check character: 10011187H.",
            field="electronic_id",
        )
    if number[8] != check_character(number[:8]):
        raise invalid(
            "The electronic identification number has a typing error: its last character does not match.",
            field="electronic_id",
        )
    return number
