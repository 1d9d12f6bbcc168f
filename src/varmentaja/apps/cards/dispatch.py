# SPDX-License-Identifier: EUPL-1.2
"""A checked card is handed to the post, and its code letter is put down for a later day."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.cards.actions.end_replaced import replaced_by
from varmentaja.apps.cards.models import Order
from varmentaja.apps.cards.orders import locked_order, move_order, note_trouble
from varmentaja.apps.cards.records import note_event
from varmentaja.apps.letters.actions.last_look import why_not_there
from varmentaja.apps.letters.actions.schedule_code_letter import schedule_code_letter
from varmentaja.apps.letters.recipients import recipient_of
from varmentaja.documents.letters import CardLetter, card_letter
from varmentaja.domain.actors import SYSTEM
from varmentaja.domain.calendar import code_letter_day, letter_rule
from varmentaja.domain.cards import days_of_replaced_card
from varmentaja.domain.errors import DomainError, Kind
from varmentaja.domain.letters import LetterKind
from varmentaja.domain.orders import OrderEvent, OrderState
from varmentaja.domain.people import Language
from varmentaja.ports.connected import outside
from varmentaja.ports.post import Enclosure, Mailing, Post, Recalled


def dispatch(order_id: int, *, now: datetime, today: date, may_have_left: bool = False) -> None:
    """Post the card; the post takes one key once, so a run that was cut off is simply done again.

    A card that may not go home any more is not posted: its order waits with the reason. ``may_have_left``: an
    earlier run was cut off, perhaps after it had posted the card.
    """
    order = _order(order_id)
    if order.state != OrderState.VERIFIED:
        return
    why = why_not_there(order.card, "card", request_id=f"order-{order.key}-{today.isoformat()}", now=now)
    if why is not None and not (may_have_left and has_left(order)):
        note_trouble(order_id, DomainError(Kind.CONFLICT, why), now=now)
        return
    if why is None:
        _post().send(_mailing(order, today=today))
    note_left(order_id, now=now, today=today, too_late=why is not None)


def has_left(order: Order) -> bool:
    """Whether the card is on its way already; one that the post still has is stopped there."""
    return _post().recall(_key(order)) is Recalled.LEFT


def note_left(order_id: int, *, now: datetime, today: date, too_late: bool) -> None:
    """Note that the post has the card; ``too_late``: that was before it could be stopped."""
    with transaction.atomic():
        order = locked_order(order_id)
        order.reason = None
        move_order(order, OrderEvent.DISPATCH, now=now, today=today)
        schedule_code_letter(order.card, now=now, today=today)
        record(
            AuditAction.CARD_LEFT_TOO_LATE if too_late else AuditAction.CARD_DISPATCHED, SYSTEM, order.card
        )
        if too_late:
            note_event(order.card, "left_too_late", now=now, today=today)


def _order(order_id: int) -> Order:
    return Order.objects.select_related("card__person", "card__application").get(pk=order_id)


def _post() -> Post:
    post = outside().post
    assert post is not None, "the worker reaches the post"
    return post


def _key(order: Order) -> str:
    return f"card-{order.key}"


def _mailing(order: Order, *, today: date) -> Mailing:
    card = order.card
    lines = recipient_of(card, "card").lines()
    letter = CardLetter(
        sender=outside().sender,
        address_lines=lines,
        day=today,
        title=card.title,
        printed_serial=card.printed_serial or "",
        valid_until=card.valid_until,
        code_letter_day=code_letter_day(today, letter_rule()),
        old_ends_after=days_of_replaced_card() if replaced_by(card) else None,
    )
    return Mailing(
        key=_key(order),
        kind=LetterKind.CARD,
        holder=card.person.electronic_id,
        address_lines=lines,
        posted_on=today,
        enclosures=(Enclosure("letter.pdf", card_letter(letter, Language(card.person.language))),),
        card_serial=card.chip_serial,
    )
