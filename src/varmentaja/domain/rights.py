# SPDX-License-Identifier: EUPL-1.2
"""Rights to practise as the professional registers (Terhikki, Suosikki) tell of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from varmentaja.domain.identity_code import IdentityCode


class Register(StrEnum):
    """Health care and social welfare have a register each."""

    TERHIKKI = "terhikki"
    SUOSIKKI = "suosikki"


class RightKind(StrEnum):
    """The kinds of right the register keeper names."""

    LEGITIMISED = "legitimised"
    PROTECTED_TITLE = "protected_title"
    TIME_LIMITED = "time_limited"


@dataclass(frozen=True, slots=True)
class Right:
    """One right to practise; ``code`` is of the code set 1.2.246.537.6.140, as text."""

    register: Register
    code: str
    title_fi: str
    title_sv: str
    kind: RightKind
    begins: date
    ends: date | None = None
    """The last day of the right; None while it is open-ended."""
    restricted: bool = False
    """The practice is restricted; what the restriction says is not given here."""

    def valid_on(self, day: date) -> bool:
        """Whether the right is in force on ``day`` (both ends included)."""
        return self.begins <= day and (self.ends is None or day <= self.ends)


@dataclass(frozen=True, slots=True)
class Professional:
    """A registered professional: one registration number, any number of rights."""

    identity_code: IdentityCode
    registration_number: str
    """Eleven digits, text: leading zeros matter."""
    physician_code: str | None
    """Yksilöintitunnus: six digits, for those who prescribe."""
    rights: tuple[Right, ...]

    def valid_rights(self, day: date) -> tuple[Right, ...]:
        """The rights in force on ``day``, in the register's order."""
        return tuple(right for right in self.rights if right.valid_on(day))
