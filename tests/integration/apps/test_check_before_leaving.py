# SPDX-License-Identifier: EUPL-1.2
"""What was read back from a card is compared with the registers once more before it leaves.

In 2023 cards without the prescriber's code reached their users: each way in which a card can differ from what
the registers say has a case here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from tests.support.service import Service

from varmentaja.adapters.sandbox.cast import load_cast
from varmentaja.apps.applications.actions.order_staff_card import COMMAND_LINE, StaffMember, order_staff_card
from varmentaja.apps.applications.models import Application
from varmentaja.apps.cards.actions.produce_card import factory_order, produce_card
from varmentaja.apps.cards.certify import CardIssuer
from varmentaja.apps.cards.check import differences, is_as_issued
from varmentaja.apps.cards.models import Card, Order
from varmentaja.apps.certificates.models import Certificate
from varmentaja.domain.actors import Role
from varmentaja.domain.people import Person
from varmentaja.domain.rights import Professional
from varmentaja.ports.card_factory import MadeCard
from varmentaja.ports.connected import connect

pytestmark = pytest.mark.django_db


def made_again(service: Service, card: Card) -> MadeCard:
    """The finished card as the factory gives it once more, read back from the chip."""
    assert service.outside.card_factory is not None
    order = Order.objects.select_related("card__person", "card__application").get(card=card)
    return service.outside.card_factory.make(
        factory_order(order), CardIssuer(card.pk, service.now, service.today)
    )


class Registers:
    """Both registers with the answer changed."""

    def __init__(self, service: Service, changes: Mapping[str, Callable[[Any], Any]]) -> None:
        self._service = service
        self._changes = changes

    def person(self, code: Any, *, request_id: str) -> Person | None:
        found = self._service.outside.population_register.person(code, request_id=request_id)
        return self._changed("person", found)

    def professional(self, code: Any, *, request_id: str) -> Professional | None:
        found = self._service.outside.professional_register.professional(code, request_id=request_id)
        return self._changed("professional", found)

    def _changed(self, what: str, found: Any) -> Any:
        return self._changes[what](found) if what in self._changes else found


def ended(service: Service) -> Callable[[Professional], Professional]:
    yesterday = service.today - timedelta(days=1)
    return lambda known: replace(
        known, rights=tuple(replace(right, ends=yesterday) for right in known.rights)
    )


def renamed(known: Professional) -> Professional:
    return replace(
        known,
        rights=tuple(replace(right, title_fi="erikoislääkäri", title_sv="") for right in known.rights),
    )


def test_every_fact_that_the_registers_no_longer_confirm_keeps_the_card_back(service: Service) -> None:
    card = service.made_card()
    made = made_again(service, card)
    cases: dict[str, tuple[Mapping[str, Callable[[Any], Any]], list[str]]] = {
        "nothing changed": ({}, []),
        "prescriber's code gone": (
            {"professional": lambda known: replace(known, physician_code=None)},
            ["pseudonym"],
        ),
        "prescriber's code changed": (
            {"professional": lambda known: replace(known, physician_code="099102")},
            ["pseudonym"],
        ),
        "number changed": (
            {"professional": lambda known: replace(known, registration_number="00999000102")},
            ["common_name", "serial_number"],
        ),
        "no professional any more": (
            {"professional": lambda known: None},
            ["common_name", "pseudonym", "serial_number", "title"],
        ),
        "right ended": ({"professional": ended(service)}, ["title"]),
        "title changed": ({"professional": renamed}, ["title"]),
        "surname changed": (
            {"person": lambda known: replace(known, family_name="Toinen")},
            ["common_name", "surname"],
        ),
        "a surname that no certificate can carry": (
            {"person": lambda known: replace(known, family_name="Toi\u202enen")},
            ["surname"],
        ),
        "first names changed": (
            {"person": lambda known: replace(known, given_names="Elina Toinen")},
            ["given_name"],
        ),
        "name in use changed": (
            {"person": lambda known: replace(known, first_name="Toinen")},
            ["common_name"],
        ),
        "dead": ({"person": lambda known: replace(known, alive=False)}, ["holder"]),
        "unknown": ({"person": lambda known: None}, ["holder"]),
    }
    found = {}
    for name, (changes, _) in cases.items():
        registers: Any = Registers(service, changes)
        connect(replace(service.outside, population_register=registers, professional_register=registers))
        found[name] = differences(card, made.chip_serial, today=service.today)
    assert found == {name: expected for name, (_, expected) in cases.items()}


def test_a_code_that_came_to_the_register_meanwhile_keeps_the_card_back(service: Service) -> None:
    card = service.made_card("social_worker")
    assert not (card.application.professional or {})["physician_code"]
    registers: Any = Registers(
        service, {"professional": lambda known: replace(known, physician_code="099109")}
    )
    made = made_again(service, card)
    assert differences(card, made.chip_serial, today=service.today) == []
    connect(replace(service.outside, professional_register=registers))
    assert differences(card, made.chip_serial, today=service.today) == ["pseudonym"]


def test_only_the_certificates_issued_for_chip_and_purpose_may_leave(service: Service) -> None:
    card = service.made_card()
    made = made_again(service, card)
    held = made.certified.certificates
    other = made_again(service, service.made_card("prescribing_nurse"))

    def with_certificates(**changed: Any) -> MadeCard:
        return replace(made, certified=replace(made.certified, certificates=replace(held, **changed)))

    swapped = {"authentication": held.signature, "signature": held.authentication}
    wrong = {
        "swapped": with_certificates(**swapped),
        "one missing": with_certificates(signature=None),
        "no issuer": with_certificates(issuer=None),
        "another root": with_certificates(root=held.issuer),
        "another person's": with_certificates(signature=other.certified.certificates.signature),
        "all of another card": replace(made, certified=other.certified),
        "another chip": replace(made, chip_serial=other.chip_serial),
        "other keys": replace(made, certified=replace(made.certified, keys=other.certified.keys)),
    }
    for name, each in wrong.items():
        assert not is_as_issued(card, each, now=service.now, today=service.today), name
    assert is_as_issued(card, made, now=service.now, today=service.today)
    with transaction.atomic():
        Certificate.objects.filter(card=card, purpose="signature").update(state="revoked", crl_entry=b"")
        assert not is_as_issued(card, made, now=service.now, today=service.today)


def test_another_organisation_keeps_a_personnel_card_back(service: Service) -> None:
    service.registrar()
    code = load_cast().member("registrar").identity_code
    member = StaffMember(code, Role.REGISTRAR, "Mallilan terveysasema", "registrar", "mallila")
    order = order_staff_card(COMMAND_LINE, member, now=service.now, today=service.today)
    produce_card(order.pk, now=service.now, today=service.today)
    card = Card.objects.get(pk=order.card_id)
    made = made_again(service, card)
    assert differences(card, made.chip_serial, today=service.today) == []
    Application.objects.filter(pk=card.application_id).update(
        organisation={"name": "Muu hyvinvointialue", "job_title": "registrar"}
    )
    card = Card.objects.get(pk=card.pk)
    assert differences(card, made.chip_serial, today=service.today) == ["organization"]
    card.title = "johtaja"
    assert differences(card, made.chip_serial, today=service.today) == ["organization", "title"]
