# SPDX-License-Identifier: EUPL-1.2
"""A card is reported lost or cancelled: its certificates are revoked, and published at once."""

from __future__ import annotations

from datetime import date, datetime

from varmentaja.apps.action import use_case
from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.cards.endings import follow_card
from varmentaja.apps.cards.models import Card
from varmentaja.apps.cards.records import locked_card, move_card
from varmentaja.domain.actors import Actor
from varmentaja.domain.callers import CallerCheck
from varmentaja.domain.cards import CardState
from varmentaja.domain.errors import DomainError, Kind
from varmentaja.domain.products import product
from varmentaja.domain.revocation import GROUNDS, Ground, why_not_ground


@use_case(AuditAction.CARD_CANCELLED, Card)
def end_card(
    actor: Actor,
    card_id: int,
    ground: Ground,
    *,
    caller: CallerCheck | None = None,
    note: str = "",
    now: datetime,
    today: date,
) -> None:
    """End the card for ``ground``: lost and stolen cards are reported lost, the others are cancelled.

    ``caller`` and ``note`` are what the officer writes of a call: how it was checked who asked, and what was
    said. Raises DomainError: not_found, not_allowed (not one's card; not one's ground), conflict (already
    ended, not yet sent).
    """
    card = locked_card(card_id)
    event = GROUNDS[ground].card_event
    move_card(actor, card, event, now=now, today=today, ground=ground)
    refusal = why_not_ground(ground, actor, product(card.product))
    if refusal is not None:
        raise DomainError(Kind.NOT_ALLOWED, refusal, field="ground")
    follow_card(actor, card, event, GROUNDS[ground].code, now=now)
    lost = card.state == CardState.LOST
    name = AuditAction.CARD_REPORTED_LOST if lost else AuditAction.CARD_CANCELLED
    facts = {"ground": ground} | ({"caller": caller} if caller else {})
    record(name, actor, card, facts=facts, personal={"note": note} if note else None)
