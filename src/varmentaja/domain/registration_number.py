# SPDX-License-Identifier: EUPL-1.2
"""Numbers of the professional registers: registration number and the prescriber's identification code.

A rule for a check digit was found for neither, so only their shape is checked. Both are text: leading
zeros matter.
"""

from __future__ import annotations

import re

from varmentaja.domain.errors import invalid

_REGISTRATION = re.compile(r"[0-9]{11}")
_PHYSICIAN = re.compile(r"[0-9]{6}")


def parse_registration_number(text: str) -> str:
    """Eleven digits, without spaces around."""
    number = text.strip()
    if not _REGISTRATION.fullmatch(number):
        raise invalid(
            "A registration number has 11 digits, with the zeros at its beginning.",
            field="registration_number",
        )
    return number


def parse_physician_code(text: str) -> str:
    """The prescriber's identification code (yksilöintitunnus, formerly SV number): six digits."""
    number = text.strip()
    if not _PHYSICIAN.fullmatch(number):
        raise invalid(
            "A physician's identification code has six digits, with the zeros at its beginning.",
            field="physician_code",
        )
    return number
