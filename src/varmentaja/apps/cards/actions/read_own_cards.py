# SPDX-License-Identifier: EUPL-1.2
"""A holder looks at the own cards."""

from __future__ import annotations

from datetime import date

from varmentaja.apps.action import use_case
from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.cards.models import Card
from varmentaja.apps.cards.queries import CardFile, card_face, cards_of
from varmentaja.domain.actors import Actor
from varmentaja.domain.authority import Action, Subject, require
from varmentaja.domain.errors import not_found


@use_case(AuditAction.CARD_READ)
def read_own_cards(actor: Actor, *, today: date) -> tuple[CardFile, ...]:
    """The actor's cards, newest first; the look at each is recorded. Raises DomainError not_allowed."""
    require(actor, Action.CARD_READ, Subject(person_id=actor.person_id))
    assert actor.person_id is not None, "authority asks for it"
    cards = cards_of(actor.person_id, today=today)
    for card in cards:
        record(AuditAction.CARD_READ, actor, Card(pk=card.card_id))
    return cards


def own_card(actor: Actor, card_id: int, *, today: date) -> CardFile:
    """One of the actor's cards; another person's is as good as none: DomainError not_found."""
    for card in read_own_cards(actor, today=today):
        if card.card_id == card_id:
            return card
    raise not_found("There is no such card.")


@use_case(AuditAction.CARD_READ)
def read_own_face(actor: Actor, card_id: int) -> bytes:
    """The front of an own card as printed (PNG); raises DomainError not_found."""
    assert actor.person_id is not None, "for people signed in"
    owned = Card.objects.filter(pk=card_id, person_id=actor.person_id).exists()
    face = card_face(card_id) if owned else None
    if face is None:
        raise not_found("There is no such card.")
    record(AuditAction.CARD_READ, actor, Card(pk=card_id), facts={"part": "face"})
    return face
