# SPDX-License-Identifier: EUPL-1.2
"""A holder looks at the own cards."""

from __future__ import annotations

from datetime import date

from varmentaja.apps.action import use_case
from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.cards.models import Card
from varmentaja.apps.cards.queries import CardFile, cards_of
from varmentaja.domain.actors import Actor
from varmentaja.domain.authority import Action, Subject, require


@use_case(AuditAction.CARD_READ)
def read_own_cards(actor: Actor, *, today: date) -> tuple[CardFile, ...]:
    """The actor's cards, newest first; the look at each is recorded. Raises DomainError not_allowed."""
    require(actor, Action.CARD_READ, Subject(person_id=actor.person_id))
    assert actor.person_id is not None, "authority asks for it"
    cards = cards_of(actor.person_id, today=today)
    for card in cards:
        record(AuditAction.CARD_READ, actor, Card(pk=card.card_id))
    return cards
