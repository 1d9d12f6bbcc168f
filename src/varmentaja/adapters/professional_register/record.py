# SPDX-License-Identifier: EUPL-1.2
"""Professionals as JSON objects, the sandbox's own format (the registers' was not found)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from varmentaja.domain.errors import DomainError, unavailable
from varmentaja.domain.identity_code import IdentityCode
from varmentaja.domain.registration_number import parse_physician_code, parse_registration_number
from varmentaja.domain.rights import Professional, Register, Right, RightKind


def to_record(professional: Professional) -> dict[str, Any]:
    """The JSON object of ``professional``; dates as YYYY-MM-DD."""
    return {
        "identity_code": str(professional.identity_code),
        "registration_number": professional.registration_number,
        "physician_code": professional.physician_code,
        "rights": [_right_record(right) for right in professional.rights],
    }


def _right_record(right: Right) -> dict[str, Any]:
    return {
        "register": right.register.value,
        "code": right.code,
        "title_fi": right.title_fi,
        "title_sv": right.title_sv,
        "kind": right.kind.value,
        "begins": right.begins.isoformat(),
        "ends": right.ends and right.ends.isoformat(),
        "restricted": right.restricted,
    }


def to_professional(record: Mapping[str, Any]) -> Professional:
    """The professional of a JSON object; a register that answers nonsense counts as not answering."""
    try:
        code = record["physician_code"]
        return Professional(
            identity_code=IdentityCode.parse(record["identity_code"]),
            registration_number=parse_registration_number(record["registration_number"]),
            physician_code=None if code is None else parse_physician_code(code),
            rights=tuple(_right(right) for right in record["rights"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError, DomainError) as error:
        raise unavailable(
            "The professional register gave an answer that can't be understood. Try again later."
        ) from error


def _right(record: Mapping[str, Any]) -> Right:
    # A right whose end is not told must never be read as endless, nor a restriction as none.
    if not isinstance(record["restricted"], bool) or not record["code"] or not record["title_fi"]:
        raise ValueError("a right without its facts")
    ends = record["ends"]
    return Right(
        register=Register(record["register"]),
        code=record["code"],
        title_fi=record["title_fi"],
        title_sv=record["title_sv"],
        kind=RightKind(record["kind"]),
        begins=date.fromisoformat(record["begins"]),
        ends=None if ends is None else date.fromisoformat(ends),
        restricted=record["restricted"],
    )
