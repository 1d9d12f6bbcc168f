# SPDX-License-Identifier: EUPL-1.2
"""Finding a person among a million: by identity code, name, registration number, card or certificate."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.db.models import Q, QuerySet

from varmentaja.apps.cards.models import Card
from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.people.models import Person
from varmentaja.apps.people.queries import by_identity_code
from varmentaja.domain.errors import DomainError, not_found
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
        if not identifier.isdecimal():
            raise not_found("There is no such page of the list.")
        # The first condition lets the index find the place; the second is exact.
        rows = rows.filter(sort_key__gte=key).filter(Q(sort_key__gt=key) | Q(id__gt=int(identifier)))
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
        return people.filter(pk__in=Card.objects.filter(printed_serial=compact.upper()).values("person_id"))
    if _LONG_HEX.match(compact.lower()):
        return people.filter(pk__in=_holders_of(compact))
    return _by_name(text)


def _holders_of(serial: str) -> set[int]:
    """Whose chip or certificate has this serial: two questions, each answered by its own index."""
    chips = Card.objects.filter(chip_serial=serial.upper()).values_list("person_id", flat=True)
    certificates = Certificate.objects.filter(serial=serial.lower(), person_id__isnull=False)
    return {*chips, *certificates.values_list("person_id", flat=True)}


def _by_name(text: str) -> QuerySet[Person]:
    """By the beginning of the name, family name first; of several words the last may be the family name."""
    *others, last = text.split() or [""]
    keys = {name_key(text), name_key(last, *others)} - {""}
    return Person.objects.filter(reduce(or_, (Q(name_key__startswith=key) for key in keys), Q(pk__in=[])))


def _found(row: Person) -> Found:
    return Found(
        person_id=row.pk,
        name=f"{row.family_name} {row.given_names}",
        identity_code=IdentityCode.parse(row.identity_code).masked(),
        registration_number=row.registration_number or "",
    )
