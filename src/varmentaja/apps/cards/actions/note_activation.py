# SPDX-License-Identifier: EUPL-1.2
"""A card turns out to be activated: its holder has set the PINs, which only the card itself knows.

The card that it replaces ends.
"""

from __future__ import annotations

from datetime import date, datetime

from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.cards.actions.end_replaced import end_replaced_by
from varmentaja.apps.cards.models import Card
from varmentaja.apps.cards.records import move_card
from varmentaja.domain.actors import SYSTEM
from varmentaja.domain.cards import CardEvent


def note_activation(card: Card, *, now: datetime, today: date) -> None:
    """Note it of the locked card, in the caller's transaction."""
    move_card(SYSTEM, card, CardEvent.ACTIVATE, now=now, today=today)
    record(AuditAction.CARD_ACTIVATED, SYSTEM, card)
    end_replaced_by(card, now=now, today=today)
