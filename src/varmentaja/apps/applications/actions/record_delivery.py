# SPDX-License-Identifier: EUPL-1.2
"""Where the card is sent, and where its code letter."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date

from varmentaja.apps.action import use_case
from varmentaja.apps.applications.drafts import locked_draft, save_step
from varmentaja.apps.applications.models import Application
from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.people.queries import person_of
from varmentaja.apps.registration.queries import place_of
from varmentaja.domain.actors import Actor
from varmentaja.domain.delivery import Destination, Place, recipient


@use_case(AuditAction.APPLICATION_CHANGED, Application)
def record_delivery(
    actor: Actor,
    application_id: int,
    version: int,
    card_to: Destination,
    letter_to: Destination,
    employer: Place | None,
    *,
    today: date,
) -> None:
    """Settle both addresses; ``employer`` is needed when one of them is the employer's.

    Raises DomainError invalid (field ``card_to`` or ``letter_to``), as for home under a non-disclosure order.
    """
    application = locked_draft(actor, application_id, version, today=today)
    person = person_of(application.person)
    places = {Destination.POINT: place_of(application.point), Destination.EMPLOYER: employer}
    card = recipient(person, card_to, places.get(card_to), field="card_to")
    letter = recipient(person, letter_to, places.get(letter_to), field="letter_to")
    application.delivery = {"card": asdict(card), "letter": asdict(letter)}
    save_step(application, "delivery", today=today)
    record(
        AuditAction.APPLICATION_CHANGED,
        actor,
        application,
        facts={"step": "delivery", "card_to": card_to, "letter_to": letter_to},
    )
