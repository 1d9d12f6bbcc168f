# SPDX-License-Identifier: EUPL-1.2
"""Lists of cards and orders for the office; each read has an index, whatever the number of cards."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from varmentaja.apps.cards.models import Card, CardEvent, Order
from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.letters.models import Letter
from varmentaja.apps.paging import Page, count_up_to, page_by_id
from varmentaja.domain.errors import Message
from varmentaja.domain.orders import ORDER, OrderState

UNFINISHED = sorted(set(OrderState) - ORDER.final_states())


@dataclass(frozen=True, slots=True)
class TroubledOrder:
    """An order whose last attempt did not succeed; production tries it again by itself."""

    card_id: int
    holder: str
    state: OrderState
    attempts: int
    reason: Message
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class CardEventLine:
    """One event of a card."""

    event_id: int
    card_id: int
    at: datetime
    event: str
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RowIds:
    """Ids of a person's cards and of what belongs to them."""

    cards: list[int]
    orders: list[int]
    certificates: list[int]
    letters: list[int]


def troubled_orders(after: str) -> Page[TroubledOrder]:
    """Orders in trouble, oldest first."""
    rows = _troubled().select_related("card__person").defer("card__face", "card__back")
    return page_by_id(rows, after, _troubled_order)


def count_troubled_orders() -> int:
    """How many orders are in trouble, up to a hundred."""
    return count_up_to(_troubled())


def row_ids_of(person_id: int) -> RowIds:
    """What the person's history is about."""
    cards = list(Card.objects.filter(person_id=person_id).values_list("id", flat=True))
    return RowIds(
        cards=cards,
        orders=list(Order.objects.filter(card_id__in=cards).values_list("id", flat=True)),
        certificates=list(Certificate.objects.filter(card_id__in=cards).values_list("id", flat=True)),
        letters=list(Letter.objects.filter(card_id__in=cards).values_list("id", flat=True)),
    )


def card_events(
    card_ids: Collection[int], *, until: datetime | None, limit: int, without: Collection[str]
) -> list[CardEventLine]:
    """The newest events of these cards, none later than ``until``."""
    rows = CardEvent.objects.filter(card_id__in=card_ids).exclude(event__in=without)
    if until is not None:
        rows = rows.filter(at__lte=until)
    newest = rows.order_by("-at", "-id")[:limit]
    return [CardEventLine(row.pk, row.card_id, row.at, row.event, row.facts) for row in newest]


def _troubled() -> QuerySet[Order]:
    return Order.objects.filter(state__in=UNFINISHED, reason__isnull=False)


def _troubled_order(row: Any) -> TroubledOrder:
    person = row.card.person
    return TroubledOrder(
        card_id=row.card_id,
        holder=f"{person.first_name} {person.family_name}",
        state=OrderState(row.state),
        attempts=row.attempts,
        reason=Message(row.reason["text"], row.reason["values"]),
        changed_at=row.changed_at,
    )
