# SPDX-License-Identifier: EUPL-1.2
"""Certificates end, and with the last of them their card.

Certificates end in real time, whatever the business day: a card does not expire before its certificates do.
"""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.cards.endings import follow_card
from varmentaja.apps.cards.models import Card
from varmentaja.apps.cards.records import locked_card, move_card, refusal
from varmentaja.apps.certificates.actions.expire_certificates import (
    all_ended,
    ended_certificates,
    expire_certificate,
)
from varmentaja.domain.actors import SYSTEM
from varmentaja.domain.cards import CardEvent

BATCH = 500


def expire_cards(*, now: datetime, today: date) -> int:
    """Note every certificate that has ended and every card that ends with it; how many certificates.

    Each certificate is a transaction of its own: a run that is cut off goes on where it stopped.
    """
    count = 0
    while ended := ended_certificates(now=now, limit=BATCH):
        for row in ended:
            _expire(row.pk, row.card_id, now=now, today=today)
        count += len(ended)
    return count


@transaction.atomic
def _expire(certificate_id: int, card_id: int | None, *, now: datetime, today: date) -> None:
    # The card first, in the order in which the end of a card locks its certificates.
    card = locked_card(card_id) if card_id is not None else None
    expire_certificate(certificate_id, now=now)
    if card is not None and all_ended(card.pk, now=now):
        _expire_card(card, now=now, today=today)


def _expire_card(card: Card, *, now: datetime, today: date) -> None:
    """A card that was lost, cancelled or discarded has ended already."""
    if refusal(SYSTEM, card, CardEvent.EXPIRE, today=today) is None:
        move_card(SYSTEM, card, CardEvent.EXPIRE, now=now, today=today)
        follow_card(SYSTEM, card, CardEvent.EXPIRE, now=now)
        record(AuditAction.CARD_EXPIRED, SYSTEM, card)
