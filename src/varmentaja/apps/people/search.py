# SPDX-License-Identifier: EUPL-1.2
"""Finding a person among a million: by identity code, name, registration number, card or certificate."""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from varmentaja.apps.people.models import Person
from varmentaja.apps.people.queries import by_identity_code
from varmentaja.domain.errors import DomainError
from varmentaja.domain.identity_code import IdentityCode
from varmentaja.domain.names import name_key

PAGE = 20

_REGISTRATION_NUMBER = re.compile(r"\d{11}\Z")
_PRINTED_SERIAL = re.compile(r"[0-9A-F]{9}\Z")
_LONG_HEX = re.compile(r"[0-9a-f]{16,40}\Z")


@dataclass(frozen=True, slots=True)
class Found:
    """One person in the list of hits."""

    person_id: int
    name: str
    identity_code: str
    """Masked: the whole code stands on the person's own page."""
    registration_number: str


@dataclass(frozen=True, slots=True)
class Hits:
    """One page of hits; ``next_key`` asks for the page after it, empty at the end."""

    people: tuple[Found, ...]
    next_key: str


def find_people(text: str, *, after: str = "") -> Hits:
    """Up to 20 people that ``text`` may mean, in the order of names; ``after`` is an earlier ``next_key``."""
    rows = _matching(" ".join(text.split()))
    if after:
        key, _, identifier = after.rpartition("|")
        rows = rows.filter(Q(sort_key__gt=key) | Q(sort_key=key, id__gt=int(identifier)))
    page = list(rows.order_by("sort_key", "id")[: PAGE + 1])
    shown = page[:PAGE]
    more = len(page) > PAGE
    return Hits(tuple(_found(row) for row in shown), f"{shown[-1].sort_key}|{shown[-1].pk}" if more else "")


def _matching(text: str) -> QuerySet[Person]:
    people = Person.objects.all()
    try:
        person = by_identity_code(IdentityCode.parse(text))
        return people.filter(pk=person.pk) if person else people.none()
    except DomainError:
        pass
    if _REGISTRATION_NUMBER.match(text):
        return people.filter(registration_number=text)
    compact = text.replace(" ", "").replace(":", "")
    if _PRINTED_SERIAL.match(compact.upper()):
        return people.filter(cards__printed_serial=compact.upper()).distinct()
    if _LONG_HEX.match(compact.lower()):
        by_chip = Q(cards__chip_serial=compact.upper())
        return people.filter(by_chip | Q(certificates__serial=compact.lower())).distinct()
    key = name_key(text)
    return people.filter(name_key__startswith=key) if key else people.none()


def _found(row: Person) -> Found:
    return Found(
        person_id=row.pk,
        name=f"{row.family_name} {row.given_names}",
        identity_code=IdentityCode.parse(row.identity_code).masked(),
        registration_number=row.registration_number or "",
    )
