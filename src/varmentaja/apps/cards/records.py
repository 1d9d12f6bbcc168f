# SPDX-License-Identifier: EUPL-1.2
"""What every use case on a card shares: lock it, let an event happen to it, write its history."""

from __future__ import annotations

from datetime import date, datetime

from varmentaja.apps.cards import models
from varmentaja.domain.actors import Actor
from varmentaja.domain.authority import Subject
from varmentaja.domain.cards import CARD, CardEvent, CardFacts, CardState
from varmentaja.domain.errors import DomainError, not_found

DAY_FIELDS = {
    CardEvent.MAKE: "made_on",
    CardEvent.DISPATCH: "posted_on",
    CardEvent.ACTIVATE: "activated_on",
    CardEvent.REPORT_LOST: "ended_on",
    CardEvent.CANCEL: "ended_on",
    CardEvent.EXPIRE: "ended_on",
    CardEvent.DISCARD: "ended_on",
}
"""The events whose business day stands in the card's time line."""


BLANK_DISCARDED = "blank_discarded"
"""A chip was withdrawn and another one is taken."""


def locked_card(card_id: int) -> models.Card:
    """The card, locked until the end of the transaction; raises DomainError not_found."""
    try:
        return (
            models.Card.objects.select_for_update(of=("self",))
            .select_related("person", "application")
            .get(pk=card_id)
        )
    except models.Card.DoesNotExist:
        raise not_found("There is no such card.") from None


def subject_of(card: models.Card) -> Subject:
    """Whose card it is, and at which point it was applied for."""
    return Subject(person_id=card.person_id, point_id=card.application.point_id)


def refusal(actor: Actor, card: models.Card, event: CardEvent, *, today: date) -> DomainError | None:
    """Why ``event`` cannot happen to the card now; None when it can."""
    facts = CardFacts(today=today, valid_until=card.valid_until)
    return CARD.refusal(CardState(card.state), event, actor, subject_of(card), facts)


def move_card(
    actor: Actor, card: models.Card, event: CardEvent, *, now: datetime, today: date, **facts: str | int
) -> None:
    """Let ``event`` happen to the locked card and store it with a line of history; raises why it cannot."""
    error = refusal(actor, card, event, today=today)
    if error is not None:
        raise error
    target = CARD.leads(CardState(card.state), event)
    assert target is not None
    card.state = target
    fields = ["state"]
    if event in DAY_FIELDS:
        setattr(card, DAY_FIELDS[event], today)
        fields.append(DAY_FIELDS[event])
    card.save(update_fields=fields)
    note_event(card, event, now=now, today=today, **facts)


def blanks_discarded(card: models.Card) -> int:
    """How many chips were given up while this card was being made."""
    return card.events.filter(event=BLANK_DISCARDED).count()


def note_event(card: models.Card, event: str, *, now: datetime, today: date, **facts: str | int) -> None:
    """Add a line to the card's history; runs in the caller's transaction."""
    models.CardEvent.objects.create(card=card, at=now, business_day=today, event=event, facts=facts)
