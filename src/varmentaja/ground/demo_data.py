# SPDX-License-Identifier: EUPL-1.2
"""What the demo has before anybody comes: registration points, and staff with cards in use.

Every step looks first whether its result is there, so a start that was cut off goes on where it stopped and a
second start does next to nothing.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from django.db import transaction

from varmentaja.adapters.population_register.simulator import SimulatedPopulationRegister
from varmentaja.adapters.professional_register.simulator import SimulatedProfessionalRegister
from varmentaja.adapters.sandbox.cast import Member, load_cast
from varmentaja.adapters.sandbox.faults import Faults
from varmentaja.apps.applications.actions.order_staff_card import COMMAND_LINE, StaffMember, order_staff_card
from varmentaja.apps.cards.actions.note_activation import note_activation
from varmentaja.apps.cards.actions.produce_card import produce_card
from varmentaja.apps.cards.certify import derived_code
from varmentaja.apps.cards.models import Card
from varmentaja.apps.cards.records import locked_card
from varmentaja.apps.codes.actions.import_code_set import import_code_set
from varmentaja.apps.codes.models import Code
from varmentaja.apps.people.fill import fill
from varmentaja.apps.registration.models import RegistrationPoint
from varmentaja.apps.sandbox.clock import business_today
from varmentaja.apps.status.actions.publish_status import publish_status
from varmentaja.card.driver import PinCondition
from varmentaja.card.drivers import open_card
from varmentaja.card.host import CardHostServer
from varmentaja.card.host_client import CardHostClient
from varmentaja.config import Settings, settings
from varmentaja.domain.actors import Role
from varmentaja.domain.cards import CardState
from varmentaja.domain.errors import DomainError
from varmentaja.ground.ceremony import record_ceremony
from varmentaja.ground.renewal import renew_delegation
from varmentaja.pki.hierarchy import Hierarchy
from varmentaja.ports.code_server import RIGHTS_TO_PRACTISE
from varmentaja.wiring import connect_worker

STAFF = {
    "registrar": Role.REGISTRAR,
    "second_registrar": Role.REGISTRAR,
    "officer": Role.OFFICER,
}
"""Members of the cast who hold a card in use from the start."""
PIN1, PIN2 = "2580", "258036"
"""Of the demo staff's cards; everybody may know them."""


def prepare(hierarchy: Hierarchy, *, tell: Callable[[str], None]) -> None:
    """Make what is missing of the demo, and ``var/run/demo.json`` that describes it."""
    now = settings()
    record_ceremony(now)
    connect_worker()
    _registration_points()
    if not Code.objects.exists():
        with suppress(DomainError):  # a code server that does not answer is asked again every night
            import_code_set(RIGHTS_TO_PRACTISE, now=datetime.now(UTC))
    if not _staff_is_ready():
        tell("cards of the staff")
        with _card_host(now):
            for role in STAFF:
                _staff_card(role)
    if now.people:
        fill(
            now.people,
            now=datetime.now(UTC),
            today=business_today(),
            tell=lambda done: tell(f"{done} synthetic people"),
        )
    tell("status")
    renew_delegation()
    publish_status(now=datetime.now(UTC))
    _describe(now, hierarchy)


def _registration_points() -> None:
    for point in load_cast().points:
        RegistrationPoint.objects.get_or_create(
            code=point.id,
            defaults={
                "name": point.names["fi"],
                "street": point.address.street,
                "postal_code": point.address.postal_code,
                "town": point.address.town,
            },
        )


def _staff_is_ready() -> bool:
    in_use = Card.objects.filter(product="personnel", state=CardState.ACTIVATED).count()
    return in_use >= len(STAFF)


@contextmanager
def _card_host(now: Settings) -> Iterator[None]:
    """The card host, in this process until the services start theirs."""
    with CardHostServer(now.cards, now.card_host_socket, os.urandom) as server:
        thread = threading.Thread(target=server.serve_forever, name="card host", daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


def _staff_card(role: str) -> None:
    """Order, make and activate the card of one member of staff, as far as that is still to be done."""
    cast = load_cast()
    member = cast.member(role)
    point = member.point or cast.points[0].id
    organisation = next(each.organisation for each in cast.points if each.id == point)
    now, today = datetime.now(UTC), business_today()
    order = order_staff_card(
        COMMAND_LINE,
        StaffMember(
            member.identity_code, STAFF[role], organisation, member.job_title or "", point, member.chip
        ),
        now=now,
        today=today,
    )
    produce_card(order.pk, now=now, today=today)
    card = Card.objects.get(pk=order.card_id)
    if card.state == CardState.DISPATCHED:
        _activate(card, now=now)


def _activate(card: Card, *, now: datetime) -> None:
    """The staff of a demo has its cards in use: set the PINs that everybody may know."""
    assert card.chip_serial, "a dispatched card has a chip"
    code = derived_code(card, card.chip_serial, "demo")
    transport = CardHostClient(settings().card_host_socket).connect(card.chip_serial)
    try:
        driver = open_card(transport)
        if PinCondition.NOT_ACTIVATED in {driver.read().pin1.condition, driver.read().pin2.condition}:
            driver.activate(code, PIN1, PIN2)
    finally:
        transport.close()
    with transaction.atomic():
        note_activation(locked_card(card.pk), now=now, today=business_today())


def _describe(now: Settings, hierarchy: Hierarchy) -> None:
    """``var/run/demo.json``: what ``varmentaja status`` and the front page tell of the demo."""
    document = {
        "authorities": [_authority(now, hierarchy, name) for name in hierarchy.authorities],
        "people": [_person(member) for member in load_cast().members],
    }
    draft = now.run / "demo.json.new"
    draft.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8")
    draft.replace(now.run / "demo.json")


def _authority(now: Settings, hierarchy: Hierarchy, name: str) -> dict[str, Any]:
    authority = hierarchy.authority(name)
    return {
        "name": name,
        "subject": authority.certificate.subject.rfc4514_string(),
        "issued_by": authority.issued_by,
        "certificate": str((now.hierarchy_folder / f"{name}.crt").resolve()),
        "certificate_url": authority.issuer.certificate_url,
        "ocsp": authority.issuer.ocsp_url if authority.responder else None,
        "crls": [authority.issuer.crl_url(shard) for shard in range(authority.shards)],
    }


def _person(member: Member) -> dict[str, Any]:
    code = member.identity_code
    person = SimulatedPopulationRegister(Faults()).person(code, request_id="demo")
    professional = SimulatedProfessionalRegister(Faults()).professional(code, request_id="demo")
    known = {"pin1": PIN1, "pin2": PIN2} if member.role in STAFF else {}
    return {
        "name": f"{member.given_names} {member.family_name}",
        "given_names": member.given_names,
        "family_name": member.family_name,
        "role": member.role,
        "story": member.story,
        "identity_code": str(code),
        "electronic_id": person.electronic_id if person else None,
        "registration_number": professional.registration_number if professional else None,
        **known,
    }
