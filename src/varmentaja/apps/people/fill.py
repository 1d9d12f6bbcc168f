# SPDX-License-Identifier: EUPL-1.2
"""Fills a test service's database with any number of fictive people, cards and certificates, for timings.

The same number gives the same people. Identity codes are of the series 900-999; codes of that series are
fewer than a nation, so from the second round on they repeat with the separators of 2023. What is made has
never been issued: the rows have no certificate bytes, and no status is published for them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from itertools import islice
from typing import TypeVar
from uuid import UUID

from django.conf import settings
from django.db import connection, models, transaction

from varmentaja.apps.applications.models import Application
from varmentaja.apps.bulk import insert_all
from varmentaja.apps.cards.models import Card, Order
from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.people.models import Person
from varmentaja.apps.registration.models import RegistrationPoint
from varmentaja.apps.vault.hashing import identity_code_hash
from varmentaja.card.driver import printed_serial
from varmentaja.domain.applications import ApplicationState
from varmentaja.domain.cards import CardState
from varmentaja.domain.certificates import CertificateState
from varmentaja.domain.check_character import check_character
from varmentaja.domain.errors import not_allowed
from varmentaja.domain.identity_code import IdentityCode
from varmentaja.domain.names import name_key, sort_key
from varmentaja.domain.orders import OrderState
from varmentaja.domain.pins import current_generation
from varmentaja.domain.products import ProductId, last_day, product

Row = TypeVar("Row", bound=models.Model)

BATCH = 2000
_NOT_AS_THEY_ARE = (models.BinaryField, models.JSONField)
"""Fields whose values are not stored as they are: encrypted, or a document."""
SEPARATORS = "-YXWVU"
FIRST_DAY = date(1900, 1, 1)
DAYS = 12_700
"""Days of birth from the first on: older than anybody in the simulated population register, whose people must
not find that somebody has their identity code."""
FIRST_REGISTRATION = 10_000_000_000
"""Registration numbers of the cast begin with 00999; these cannot meet them."""

_FAMILY = (
    "Äijä",
    "Öster",
    "Ång",
    "Zetter",
    "Koivu",
    "Mänty",
    "Hako",
    "Kivi",
    "Järvi",
    "Lumi",
    "Norr",
    "Sund",
)
_ENDINGS = ("lä", "man", "ström", "berg", "nen", "niemi", "ranta", "kangas", "vaara", "holm", "gren", "pelto")
_GIVEN = (
    "Aino",
    "Eino",
    "Päivi",
    "Åke",
    "Elina",
    "Jussi",
    "Märta",
    "Olavi",
    "Sanna",
    "Tuomas",
    "Ville",
    "Ulla",
)


def fill(people: int, *, now: datetime, today: date, tell: Callable[[int], None] = lambda done: None) -> int:
    """Bring the number of synthetic people to ``people``; how many were added.

    Each has one professional card in use with two certificates. ``tell`` hears how many are there. Raises
    DomainError not_allowed outside a test service.
    """
    if not settings.TEST_SERVICE:
        raise not_allowed("Only a test service is filled with fictive people.")
    point, _ = RegistrationPoint.objects.get_or_create(
        code="filled",
        defaults={
            "name": "Esimerkki",
            "street": "Esimerkkikatu 1",
            "postal_code": "99981",
            "town": "Mallila",
        },
    )
    there = Person.objects.filter(registration_number__gte=str(FIRST_REGISTRATION)).count()
    numbers = iter(range(there, people))
    while batch := list(islice(numbers, BATCH)):
        with transaction.atomic():
            _add(batch, point, now=now, today=today)
        tell(batch[-1] + 1)
    return max(people - there, 0)


def _add(batch: list[int], point: RegistrationPoint, *, now: datetime, today: date) -> None:
    people = _stored([_person(number, now) for number in batch])
    applications = _stored([_application(person, point, now, today) for person in people])
    cards = _stored([_card(number, row, today) for number, row in zip(batch, applications, strict=True)])
    _stored([_order(card, now) for card in cards])
    _stored([row for card in cards for row in _certificates(card, now)])


def _stored(rows: list[Row]) -> list[Row]:
    """The new rows of one table, numbered and copied in. Encrypted values stay encrypted in the rows."""
    made = [field for field in rows[0]._meta.concrete_fields if isinstance(field, _NOT_AS_THEY_ARE)]
    for row in rows:
        for field in made:
            setattr(row, field.attname, field.get_db_prep_save(getattr(row, field.attname), connection))
    insert_all(rows)
    return rows


def _order(card: Card, now: datetime) -> Order:
    return Order(card_id=card.pk, key=UUID(_digest(card)[:32]), state=OrderState.DISPATCHED, changed_at=now)


def _person(number: int, now: datetime) -> Person:
    code, family, given = str(code_of(number)), family_name(number), _GIVEN[number // 144 % 12]
    digits = f"{number % 100_000_000:08}"
    return Person(
        identity_code=code,
        identity_code_hash=identity_code_hash(code),
        electronic_id=digits + check_character(digits),
        family_name=family,
        given_names=given,
        first_name=given,
        name_key=name_key(family, given),
        sort_key=sort_key(family, given),
        language="sv" if number % 20 == 0 else "fi",
        registration_number=str(FIRST_REGISTRATION + number),
        refreshed_at=now,
    )


def family_name(number: int) -> str:
    """Of 1,728 made-up family names, one."""
    first, second, third = number % 12, number // 12 % 12, number // 1728 % 12
    return f"{_FAMILY[first]}{_ENDINGS[second]}" + (f"-{_FAMILY[third]}{_ENDINGS[first]}" if third else "")


def code_of(number: int) -> IdentityCode:
    """Each number's own identity code: the day changes fastest, then the individual number, the separator."""
    day = FIRST_DAY + timedelta(days=number % DAYS)
    individual, separator = 900 + number // DAYS % 100, SEPARATORS[number // (DAYS * 100)]
    digits = f"{day:%d%m%y}{individual}"
    return IdentityCode(f"{digits[:6]}{separator}{individual}{check_character(digits)}")


def _application(person: Person, point: RegistrationPoint, now: datetime, today: date) -> Application:
    address = {"street": point.street, "postal_code": point.postal_code, "town": point.town, "country": "FI"}
    name = f"{person.first_name} {person.family_name}"
    to_point = {"destination": "point", "name": name, "organisation": point.name, "address": address}
    return Application(
        product=ProductId.PROFESSIONAL,
        state=ApplicationState.FULFILLED,
        person_id=person.pk,
        point_id=point.pk,
        right_code="001",
        with_photo=False,
        delivery={"card": to_point, "letter": to_point},
        opened_at=now,
        changed_on=today,
        submitted_on=today,
    )


def _card(number: int, application: Application, today: date) -> Card:
    chip = hashlib.sha256(f"chip {number}".encode()).hexdigest()[:20].upper()
    return Card(
        application_id=application.pk,
        person_id=application.person_id,
        product=ProductId.PROFESSIONAL,
        generation=current_generation(),
        algorithm="ecc",
        state=CardState.ACTIVATED,
        right_code="001",
        title="lääkäri",
        chip_serial=chip,
        printed_serial=printed_serial(chip),
        valid_until=last_day(today, product(ProductId.PROFESSIONAL).years),
        ordered_on=today,
        posted_on=today,
        activated_on=today,
    )


def _certificates(card: Card, now: datetime) -> Iterator[Certificate]:
    for purpose, profile in (("authentication", "auth"), ("signature", "sign")):
        digest = _digest(card, purpose)
        yield Certificate(
            authority="filled",
            serial=digest[:32],
            state=CertificateState.ISSUED,
            card_id=card.pk,
            person_id=card.person_id,
            purpose=purpose,
            chip_serial=card.chip_serial or "",
            key_hash=digest,
            profile=product(card.product).profiles[profile],
            profile_version="0",
            profile_hash=digest,
            subject="CN=TEST",
            shard=0,
            not_before=now,
            not_after=now + timedelta(days=1825),
            twin=b"",
            reserved_at=now,
            issued_at=now,
        )


def _digest(card: Card, purpose: str = "") -> str:
    return hashlib.sha256(f"{card.chip_serial} {purpose}".encode()).hexdigest()
