# SPDX-License-Identifier: EUPL-1.2
"""An order on its way through the factory: each step is stored before the next begins.

Killed at any point, the next run goes on from the stored state: the factory is asked with the same key, a
certificate that was issued is given again, a serial that may have been signed is burned. What leaves is read
back from the chip and compared with the registers once more (in 2023 cards without the prescriber's code
reached their users).
"""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from varmentaja.apps.cards.certify import CannotBeCertified, CardIssuer
from varmentaja.apps.cards.check import differences, is_as_issued
from varmentaja.apps.cards.dispatch import dispatch, has_left, note_left
from varmentaja.apps.cards.models import Card, Order
from varmentaja.apps.cards.orders import discard, locked_order, move_order, note_trouble, only_run
from varmentaja.apps.cards.records import blanks_discarded
from varmentaja.apps.trouble import as_told
from varmentaja.card.generations import generation
from varmentaja.domain.errors import DomainError, Kind, Message
from varmentaja.domain.orders import MOST_BLANKS, DiscardReason, OrderEvent, OrderState
from varmentaja.domain.products import BoundTo, product
from varmentaja.ports.card_factory import CardFactory, Face, FactoryOrder, MadeCard
from varmentaja.ports.connected import outside

FINISHED = frozenset({OrderState.DISPATCHED, OrderState.DISCARDED})


def produce_card(order_id: int, *, now: datetime, today: date) -> OrderState:
    """Take the order as far as it goes; raises DomainError when it is to be tried again later.

    A card that may not go where it was to go waits, with the reason, for an officer.
    """
    with only_run(order_id):
        try:
            return _produce(order_id, now=now, today=today)
        except Exception as fault:
            note_trouble(order_id, as_told(fault), now=now)
            raise


def _produce(order_id: int, *, now: datetime, today: date) -> OrderState:
    order = _begin(order_id, now=now, today=today)
    if order.state == OrderState.DISCARDED:
        _give_up(order)
    if order.state in FINISHED:
        return OrderState(order.state)
    if order.state == OrderState.VERIFIED:
        return _leave(order, now=now, today=today)
    try:
        made = _factory().make(factory_order(order), CardIssuer(order.card_id, now, today))
    except CannotBeCertified as refusal:
        return _end_order(order_id, DiscardReason.CANNOT_BE_CERTIFIED, refusal.message, now=now, today=today)
    except DomainError as error:
        if error.kind is not Kind.CONFLICT or blanks_discarded(order.card) < MOST_BLANKS:
            raise
        return _end_order(order_id, DiscardReason.CARD_FAULT, now=now, today=today)
    if not is_as_issued(order.card, made, now=now, today=today):
        return _end_order(order_id, DiscardReason.READ_BACK_DIFFERS, now=now, today=today)
    if differences(order.card, made.chip_serial, today=today):
        return _end_order(order_id, DiscardReason.REGISTER_CHANGED, now=now, today=today)
    with transaction.atomic():
        _note_made(locked_order(order_id), made, now=now, today=today)
    dispatch(order_id, now=now, today=today)
    return OrderState(Order.objects.get(pk=order_id).state)


def _leave(order: Order, *, now: datetime, today: date) -> OrderState:
    """A card that an earlier run had ready, and may have posted before it was cut off.

    The factory is not asked: what has left is no longer there. Days may have passed, so the registers are.
    """
    assert order.card.chip_serial, "a checked card has a chip"
    if differences(order.card, order.card.chip_serial, today=today):
        if not has_left(order):
            return _end_order(order.pk, DiscardReason.REGISTER_CHANGED, now=now, today=today)
        note_left(order.pk, now=now, today=today, too_late=True)
    else:
        dispatch(order.pk, now=now, today=today, may_have_left=True)
    return OrderState(Order.objects.get(pk=order.pk).state)


def _end_order(
    order_id: int, discarded: DiscardReason, why: Message | None = None, *, now: datetime, today: date
) -> OrderState:
    """Our records end the card first, then it is destroyed: a run cut off in between comes back to that."""
    with transaction.atomic():
        order = locked_order(order_id)
        discard(order, discarded, why, now=now, today=today)
    _give_up(order)
    return OrderState.DISCARDED


def _give_up(order: Order) -> None:
    """Have the discarded card destroyed, for the reason that stands in the records."""
    reason = order.reason or {}
    _factory().give_up(str(order.key), Message(reason.get("text", ""), reason.get("values", {})))


def _begin(order_id: int, *, now: datetime, today: date) -> Order:
    with transaction.atomic():
        order = locked_order(order_id)
        if order.state not in FINISHED:
            order.attempts += 1
            if order.state == OrderState.QUEUED:
                move_order(order, OrderEvent.BEGIN, now=now, today=today)
            order.save(update_fields=["attempts"])
    return order


def _note_made(order: Order, made: MadeCard, *, now: datetime, today: date) -> None:
    """The card is certified, written and checked; a run that comes later finds what is left to note."""
    card = order.card
    card.face, card.back = made.face_png, made.back_png
    card.save(update_fields=["face", "back"])
    order.reason = None
    steps = {
        OrderState.PERSONALISING: OrderEvent.CERTIFY,
        OrderState.CERTIFIED: OrderEvent.WRITE,
        OrderState.WRITTEN: OrderEvent.VERIFY,
    }
    while (event := steps.get(OrderState(order.state))) is not None:
        move_order(order, event, now=now, today=today)


def factory_order(order: Order) -> FactoryOrder:
    """The order as the factory is told of it."""
    card = order.card
    return FactoryOrder(
        key=str(order.key),
        product=card.product,
        generation=card.generation,
        algorithm=generation(card.generation).keys[card.algorithm],
        face=_face(card),
    )


def _face(card: Card) -> Face:
    by_right = product(card.product).bound_to is BoundTo.RIGHT
    return Face(
        product=card.product,
        family_name=card.person.family_name,
        first_name=card.person.first_name,
        title=card.title,
        number=(card.application.professional or {})["registration_number"] if by_right else "",
        valid_until=card.valid_until,
        photo=card.application.photo,
    )


def _factory() -> CardFactory:
    factory = outside().card_factory
    assert factory is not None, "the worker reaches the factory"
    return factory
