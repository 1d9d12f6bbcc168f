# SPDX-License-Identifier: EUPL-1.2
"""A personnel card and a role for somebody who is to work in the service itself, ordered on its own machine.

Every other card needs a registrar who has signed in with one: this is where the first comes from
(decision 17).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime
from uuid import uuid4

from varmentaja.apps.action import use_case
from varmentaja.apps.applications.drafts import move, save_step
from varmentaja.apps.applications.models import Application
from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.cards.actions.order_card import order_card
from varmentaja.apps.cards.models import Order
from varmentaja.apps.people.actions.change_roles import grant
from varmentaja.apps.people.actions.refresh_person import ask_register, refresh_person
from varmentaja.apps.people.models import Person
from varmentaja.apps.people.queries import person_of
from varmentaja.apps.registration.models import RegistrationPoint
from varmentaja.apps.registration.queries import place_of
from varmentaja.domain import actors, people
from varmentaja.domain.actors import SYSTEM, Actor, Authentication
from varmentaja.domain.applications import ApplicationEvent, ApplicationState
from varmentaja.domain.cards import IN_FORCE
from varmentaja.domain.delivery import Destination, recipient
from varmentaja.domain.errors import not_found
from varmentaja.domain.identity_code import IdentityCode
from varmentaja.domain.products import ProductId, last_day, product

COMMAND_LINE = Actor(None, frozenset({actors.Role.SYSTEM}), Authentication.COMMAND_LINE)
"""Whoever may run commands on the service's machine."""


@dataclass(frozen=True, slots=True)
class StaffMember:
    """Who gets the card, and to do what."""

    identity_code: IdentityCode
    role: actors.Role
    organisation: str
    job_title: str
    point: str
    """Code of the registration point: a registrar's own, and where the card is sent."""
    chip: str | None = None
    """Id of the generation of the card's blank; the current one by default."""


def order_staff_card(actor: Actor, member: StaffMember, *, now: datetime, today: date) -> Order:
    """Give the person the role and order the personnel card; done once, later calls give the same order.

    Raises DomainError: not_found (unknown person or point), unavailable (the register does not answer).
    """
    return _order(
        actor, member, ask_register(member.identity_code, request_id=str(uuid4())), now=now, today=today
    )


@use_case(AuditAction.BOOTSTRAPPED)
def _order(actor: Actor, member: StaffMember, person: people.Person, *, now: datetime, today: date) -> Order:
    row = refresh_person(person, now=now, by=actor)
    point = RegistrationPoint.objects.filter(code=member.point).first()
    if point is None:
        raise not_found(
            "There is no registration point %(code)s. It is added by: varmentaja registration-point.",
            code=member.point,
        )
    grant(actor, row, member.role, point if member.role is actors.Role.REGISTRAR else None, now=now)
    ordered = Order.objects.filter(
        card__person=row, card__product=ProductId.PERSONNEL, card__state__in=IN_FORCE
    ).first()
    if ordered is not None:
        return ordered
    application = _application(row, member, point, now=now, today=today)
    move(SYSTEM, application, ApplicationEvent.ORDER, today=today)
    save_step(application, "state", today=today)
    card = order_card(
        actor,
        application,
        title=member.job_title,
        valid_until=last_day(today, product(ProductId.PERSONNEL).years),
        now=now,
        today=today,
        chip=member.chip,
    )
    record(AuditAction.BOOTSTRAPPED, actor, application, facts={"role": member.role})
    return card.order


def _application(
    person: Person, member: StaffMember, point: RegistrationPoint, *, now: datetime, today: date
) -> Application:
    address = asdict(recipient(person_of(person), Destination.POINT, place_of(point), field="card_to"))
    return Application.objects.create(
        person=person,
        product=ProductId.PERSONNEL,
        state=ApplicationState.APPROVED,
        point=point,
        organisation={"name": member.organisation, "job_title": member.job_title},
        with_photo=False,
        delivery={"card": address, "letter": address},
        opened_at=now,
        changed_on=today,
    )
