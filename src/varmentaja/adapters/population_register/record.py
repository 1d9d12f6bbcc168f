# SPDX-License-Identifier: EUPL-1.2
"""People as JSON objects, the sandbox's own format (VTJ's was not found): writing and careful reading."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from varmentaja.domain.electronic_id import parse_electronic_id
from varmentaja.domain.errors import DomainError, unavailable
from varmentaja.domain.identity_code import IdentityCode
from varmentaja.domain.people import Address, Language, Person

LONGEST_NAME = 300
"""Characters of a name or of all first names together; our own choice, far above any real one."""


def to_record(person: Person) -> dict[str, Any]:
    """The JSON object of ``person``."""
    address = person.home_address
    return {
        "identity_code": str(person.identity_code),
        "electronic_id": person.electronic_id,
        "family_name": person.family_name,
        "given_names": person.given_names,
        "first_name": person.first_name,
        "language": person.language.value,
        "alive": person.alive,
        "non_disclosure": person.non_disclosure,
        "home_address": address
        and {
            "street": address.street,
            "postal_code": address.postal_code,
            "town": address.town,
            "country": address.country,
        },
    }


def to_person(record: Mapping[str, Any]) -> Person:
    """The person of a JSON object; a register that answers nonsense counts as not answering (UNAVAILABLE)."""
    try:
        person = Person(
            identity_code=IdentityCode.parse(record["identity_code"]),
            electronic_id=parse_electronic_id(record["electronic_id"]),
            family_name=_name(record["family_name"]),
            given_names=_name(record["given_names"]),
            first_name=_name(record["first_name"]),
            language=Language(record["language"]),
            alive=_flag(record["alive"]),
            non_disclosure=_flag(record["non_disclosure"]),
            home_address=Address(**record["home_address"]) if record["home_address"] else None,
        )
    except (KeyError, TypeError, ValueError, AttributeError, DomainError) as error:
        raise unavailable(
            "The population register gave an answer that can't be understood. Try again later."
        ) from error
    longest = max(map(len, (person.family_name, person.given_names, person.first_name)))
    if longest > LONGEST_NAME:
        raise unavailable(
            "The population register gave a name of %(length)s characters, which cannot be right "
            "(at most %(most)s). Its keeper must correct it.",
            length=longest,
            most=LONGEST_NAME,
        )
    return person


def _name(value: object) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ValueError("a name is missing")
    return value


def _flag(value: object) -> bool:
    # A missing non-disclosure order must never be read as "none".
    if not isinstance(value, bool):
        raise ValueError("neither true nor false")
    return value
