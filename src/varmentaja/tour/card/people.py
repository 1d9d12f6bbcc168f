# SPDX-License-Identifier: EUPL-1.2
"""Who may walk up to the desk: the fictive physicians of the test service's own registers.

Nobody gets a second card, so on a demo that has been played with the next physician comes in.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from varmentaja.adapters.population_register.record import to_person
from varmentaja.adapters.population_register.simulator import PEOPLE
from varmentaja.adapters.professional_register.record import to_professional
from varmentaja.adapters.professional_register.simulator import PROFESSIONALS
from varmentaja.adapters.sandbox.cast import load_cast
from varmentaja.domain.identity_code import IdentityCode
from varmentaja.domain.people import Person
from varmentaja.domain.rights import Professional

PHYSICIAN = "001"
"""Code of the right of a licensed physician."""


def person_of(code: IdentityCode) -> Person:
    """Whose identity code it is; KeyError when it is nobody's."""
    return _people()[str(code)]


def applicants(first: Person, today: date) -> Iterator[Person]:
    """The person who comes first, then the physicians of whom there is nothing special to decide: alive, at
    home where anybody may know, with one unrestricted right that does not end, and in no other part."""
    yield first
    parts = {str(member.identity_code) for member in load_cast().members}
    for professional in map(to_professional, _records(PROFESSIONALS)):
        code = str(professional.identity_code)
        if code not in parts and code in _people() and _is_plain(_people()[code], professional, today):
            yield _people()[code]


def name_of(person: Person) -> str:
    """First name and family name, as envelopes and cards have it."""
    return f"{person.first_name} {person.family_name}"


def _is_plain(person: Person, professional: Professional, today: date) -> bool:
    rights = professional.rights
    return (
        person.alive
        and not person.non_disclosure
        and len(rights) == 1
        and rights[0].code == PHYSICIAN
        and rights[0].valid_on(today)
        and rights[0].ends is None
        and not rights[0].restricted
    )


@cache
def _people() -> dict[str, Person]:
    return {str(person.identity_code): person for person in map(to_person, _records(PEOPLE))}


def _records(file: Path) -> Iterator[dict[str, Any]]:
    with file.open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)
