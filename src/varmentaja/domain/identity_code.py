# SPDX-License-Identifier: EUPL-1.2
"""The Finnish personal identity code: ddmmyy, separator, individual number, check character.

Since 1.1.2023 a century has several separators (decree 128/2010 as amended; the first Y codes were given
19.12.2023), and two codes that differ only in the separator belong to two people. The code is therefore
kept and compared whole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Self

from varmentaja.domain.check_character import check_character
from varmentaja.domain.errors import invalid

CENTURIES = {"+": 1800} | dict.fromkeys("-YXWVU", 1900) | dict.fromkeys("ABCDEF", 2000)
"""Each separator in use and the century it stands for."""

FIELD = "identity_code"
_LENGTH = 11
_LOWEST_INDIVIDUAL = 2
_FIRST_ARTIFICIAL = 900
# Word processors and web pages turn the hyphen into these.
_DASHES = dict.fromkeys((*range(0x2010, 0x2016), 0x2212, 0xFE58, 0xFE63, 0xFF0D), "-")
_DATE = re.compile(r"[0-9]{6}")
_INDIVIDUAL = re.compile(r"[0-9]{3}")


@dataclass(frozen=True, slots=True)
class IdentityCode:
    """One valid code in its written form; an invalid one cannot be made (``DomainError`` of kind INVALID)."""

    text: str = field(repr=False)
    """Eleven characters, upper case, with the separator the person was given."""

    def __post_init__(self) -> None:
        _check(self.text)

    @classmethod
    def parse(cls, text: str, *, today: date | None = None) -> Self:
        """Read a code as people type it: any case, spaces around, any dash.

        With ``today`` a date of birth in the future is refused as well.
        """
        code = cls(text.strip().translate(_DASHES).upper())
        if today is not None and code.birth_date > today:
            raise invalid("The date of birth in the identity code is in the future.", field=FIELD)
        return code

    @property
    def birth_date(self) -> date:
        """The date of birth the code was made from."""
        return _birth_date(self.text)

    @property
    def is_artificial(self) -> bool:
        """Whether the individual number is of the series 900-999, never given to a real person."""
        return int(self.text[7:10]) >= _FIRST_ARTIFICIAL

    def masked(self) -> str:
        """The form for lists and logs: date of birth and separator only."""
        return f"{self.text[:7]}****"

    def __str__(self) -> str:
        return self.text


def _check(text: str) -> None:
    """Raise for the first fault from the left, and for the check character last."""
    if len(text) != _LENGTH:
        raise invalid("An identity code has 11 characters, for example 010181-900C.", field=FIELD)
    if not _DATE.fullmatch(text[:6]):
        raise invalid("An identity code begins with the date of birth: day, month and year.", field=FIELD)
    if text[6] not in CENTURIES:
        raise invalid(
            "The separator “%(separator)s” in the identity code is not in use.",
            field=FIELD,
            separator=text[6],
        )
    try:
        _birth_date(text)
    except ValueError:
        raise invalid("The date of birth in the identity code does not exist.", field=FIELD) from None
    if not _INDIVIDUAL.fullmatch(text[7:10]) or int(text[7:10]) < _LOWEST_INDIVIDUAL:
        raise invalid(
            "The individual number in the identity code, after the separator, must be from 002 to 999.",
            field=FIELD,
        )
    if text[10] != check_character(text[:6] + text[7:10]):
        raise invalid("The identity code has a typing error: its last character does not match.", field=FIELD)


def _birth_date(text: str) -> date:
    return date(CENTURIES[text[6]] + int(text[4:6]), int(text[2:4]), int(text[:2]))
