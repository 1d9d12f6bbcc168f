# SPDX-License-Identifier: EUPL-1.2
"""A checked card is handed to the post, and its code letter is put down for a later day."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.cards.models import Order
from varmentaja.apps.cards.orders import locked_order, move_order
from varmentaja.apps.letters.actions.schedule_code_letter import schedule_code_letter
from varmentaja.apps.letters.recipients import recipient_of
from varmentaja.documents.letters import CardLetter, card_letter
from varmentaja.domain.actors import SYSTEM
from varmentaja.domain.calendar import code_letter_day, letter_rule
from varmentaja.domain.letters import LetterKind
from varmentaja.domain.orders import OrderEvent, OrderState
from varmentaja.domain.people import Language
from varmentaja.ports.connected import outside
from varmentaja.ports.post import Enclosure, Mailing


def dispatch(order_id: int, *, now: datetime, today: date) -> None:
    """Post the card; the post takes one key once, so a run that was cut off is simply done again."""
    order = Order.objects.select_related("card__person", "card__application").get(pk=order_id)
    if order.state != OrderState.VERIFIED:
        return
    post = outside().post
    assert post is not None, "the worker reaches the post"
    post.send(_mailing(order, today=today))
    with transaction.atomic():
        order = locked_order(order_id)
        move_order(order, OrderEvent.DISPATCH, now=now, today=today)
        schedule_code_letter(order.card, now=now, today=today)
        record(AuditAction.CARD_DISPATCHED, SYSTEM, order.card)


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
    )
    return Mailing(
        key=f"card-{order.key}",
        kind=LetterKind.CARD,
        holder=card.person.electronic_id,
        address_lines=lines,
        posted_on=today,
        enclosures=(Enclosure("letter.pdf", card_letter(letter, Language(card.person.language))),),
        card_serial=card.chip_serial,
    )
