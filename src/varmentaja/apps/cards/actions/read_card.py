# SPDX-License-Identifier: EUPL-1.2
"""A card's whole file is read, and that leaves a trace."""

from __future__ import annotations

from datetime import date

from varmentaja.apps.action import use_case
from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.cards.models import Card
from varmentaja.apps.cards.queries import CardFile, card_face, card_file
from varmentaja.domain.actors import Actor
from varmentaja.domain.authority import Action, Subject, require


@use_case(AuditAction.CARD_READ, Card)
def read_card(actor: Actor, card_id: int, *, today: date) -> CardFile:
    """The card; raises DomainError not_found or not_allowed."""
    card = _allowed_card(actor, card_id, today=today)
    record(AuditAction.CARD_READ, actor, Card(pk=card_id))
    return card


@use_case(AuditAction.CARD_READ, Card)
def read_face(actor: Actor, card_id: int, *, today: date) -> bytes | None:
    """The card's front as printed (PNG), or None."""
    _allowed_card(actor, card_id, today=today)
    record(AuditAction.CARD_READ, actor, Card(pk=card_id), facts={"part": "face"})
    return card_face(card_id)


def _allowed_card(actor: Actor, card_id: int, *, today: date) -> CardFile:
    card = card_file(card_id, today=today)
    require(actor, Action.CARD_READ, Subject(card.person_id, card.point_id))
    return card
