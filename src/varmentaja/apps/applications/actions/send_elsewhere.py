# SPDX-License-Identifier: EUPL-1.2
"""What was to go home goes elsewhere: a non-disclosure order came after the addresses had been settled."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import Any

from varmentaja.apps.action import use_case
from varmentaja.apps.applications.drafts import locked_application, save_step
from varmentaja.apps.applications.facts import is_sent_home
from varmentaja.apps.applications.models import Application
from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.cards.tasks import produce_card
from varmentaja.apps.people.queries import person_of
from varmentaja.apps.registration.queries import place_of
from varmentaja.domain.actors import Actor
from varmentaja.domain.applications import ApplicationState
from varmentaja.domain.authority import Action, Subject, require
from varmentaja.domain.delivery import Destination, recipient
from varmentaja.domain.errors import conflict

NOT_LEFT = (ApplicationState.APPROVED, ApplicationState.ORDERED)
"""The card is ordered, or is to be ordered again."""


@use_case(AuditAction.APPLICATION_CHANGED, Application)
def send_elsewhere(actor: Actor, application_id: int, *, today: date) -> None:
    """Send card and code letter to the registration point, whichever of them was to go home; production goes
    on with a card that waits for it.

    Raises DomainError: not_found, not_allowed, conflict (nothing goes home, or the card has left).
    """
    application = locked_application(application_id)
    require(actor, Action.CARD_READDRESS, Subject(application.person_id, application.point_id))
    if application.state not in NOT_LEFT or not is_sent_home(application):
        raise conflict("Nothing of this application is waiting to be sent home.")
    point = asdict(
        recipient(person_of(application.person), Destination.POINT, place_of(application.point), field="to")
    )
    application.delivery = {item: _elsewhere(settled, point) for item, settled in _settled(application)}
    save_step(application, "delivery", today=today)
    record(AuditAction.APPLICATION_CHANGED, actor, application, facts={"step": "delivery", "to": "point"})
    if application.state == ApplicationState.ORDERED:
        for order_id in application.cards.values_list("order__id", flat=True):
            produce_card.defer(order_id=order_id)


def _settled(application: Application) -> list[tuple[str, dict[str, Any]]]:
    return list((application.delivery or {}).items())


def _elsewhere(settled: dict[str, Any], point: dict[str, Any]) -> dict[str, Any]:
    return point if settled["destination"] == Destination.HOME else settled
