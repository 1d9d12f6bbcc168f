# SPDX-License-Identifier: EUPL-1.2
"""What the steps of production share: lock an order, move it on, and all that follows from that."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime

from django.db import connection

from varmentaja.apps.applications.drafts import locked_application, move, save_step
from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.cards.endings import follow_card
from varmentaja.apps.cards.models import Order
from varmentaja.apps.cards.records import locked_card, move_card, subject_of
from varmentaja.domain.actors import SYSTEM
from varmentaja.domain.applications import ApplicationEvent
from varmentaja.domain.cards import CardEvent
from varmentaja.domain.errors import DomainError, Message, not_found, unavailable
from varmentaja.domain.joins import following
from varmentaja.domain.orders import DISCARD_REASONS, ORDER, DiscardReason, OrderEvent, OrderFacts, OrderState
from varmentaja.domain.revocation import GROUNDS, Ground

IN_PRODUCTION = 0x5641 << 48
"""Added to an order's number, so that our advisory locks meet no others in the database."""


@contextmanager
def only_run(order_id: int) -> Iterator[None]:
    """Nobody else makes this order's card meanwhile; unavailable when somebody does.

    A worker that was only slow to show signs of life may still run when its job is given to another. The lock
    is of the database session: it ends with the process that holds it, however that ends.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [IN_PRODUCTION + order_id])
        if not cursor.fetchone()[0]:
            raise unavailable("This card is being made already. Try again later.")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [IN_PRODUCTION + order_id])


def locked_order(order_id: int) -> Order:
    """The order and its card, locked until the end of the transaction; raises DomainError not_found."""
    try:
        order = Order.objects.select_for_update().get(pk=order_id)
    except Order.DoesNotExist:
        raise not_found("There is no such order.") from None
    order.card = locked_card(order.card_id)
    return order


def move_order(
    order: Order,
    event: OrderEvent,
    *,
    now: datetime,
    today: date,
    discard_reason: DiscardReason | None = None,
) -> None:
    """Let ``event`` happen to the locked order, and to card and application what follows from it."""
    target = ORDER.apply(
        OrderState(order.state), event, SYSTEM, subject_of(order.card), OrderFacts(discard_reason)
    )
    order.state, order.changed_at = target, now
    order.save(update_fields=["state", "changed_at", "attempts", "reason"])
    record(AuditAction.ORDER_MOVED, SYSTEM, order, facts={"event": event})
    if event is OrderEvent.VERIFY:
        record(AuditAction.CARD_PRODUCED, SYSTEM, order.card, facts={"chip": order.card.chip_serial})
    if event is OrderEvent.DISCARD:
        record(AuditAction.CARD_DISCARDED, SYSTEM, order.card, facts={"reason": discard_reason})
    for joined in following(event):
        match joined:
            case CardEvent():
                move_card(SYSTEM, order.card, joined, now=now, today=today)
                follow_card(SYSTEM, order.card, joined, GROUNDS[Ground.DISCARDED].code, now=now)
            case ApplicationEvent():
                application = locked_application(order.card.application_id)
                move(SYSTEM, application, joined, today=today)
                save_step(application, "state", today=today)


def discard(
    order: Order, reason: DiscardReason, why: Message | None = None, *, now: datetime, today: date
) -> None:
    """The card is destroyed: nothing certified for it stays in force, and a new one can be ordered.

    ``why`` is kept for the officer, otherwise the sentence of ``reason``.
    """
    told = why or DISCARD_REASONS[reason]
    order.reason = {"text": told.text, "values": dict(told.values)}
    move_order(order, OrderEvent.DISCARD, now=now, today=today, discard_reason=reason)


def note_trouble(order_id: int, error: DomainError, *, now: datetime) -> None:
    """Keep why an attempt failed, for the officer's page."""
    reason = {"text": error.message.text, "values": dict(error.message.values)}
    Order.objects.filter(pk=order_id).update(reason=reason, changed_at=now)
