# SPDX-License-Identifier: EUPL-1.2
"""An approved application becomes a card and an order to the factory, in the decision's transaction."""

from __future__ import annotations

from datetime import date, datetime
from uuid import uuid4

from django.conf import settings

from varmentaja.apps.applications.models import Application
from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.cards.models import Card, Order
from varmentaja.apps.cards.records import note_event
from varmentaja.apps.cards.tasks import produce_card
from varmentaja.card.generations import generation
from varmentaja.domain.actors import Actor
from varmentaja.domain.cards import CardState
from varmentaja.domain.orders import OrderState
from varmentaja.domain.pins import current_generation


def order_card(
    actor: Actor,
    application: Application,
    *,
    title: str,
    valid_until: date,
    now: datetime,
    today: date,
    chip: str | None = None,
) -> Card:
    """The card that ``application`` asked for; production starts when the transaction commits.

    ``chip``: id of the generation of the blank to use; otherwise it is of the current one."""
    blank = generation(chip or current_generation())
    card = Card.objects.create(
        application=application,
        person=application.person,
        product=application.product,
        generation=blank.id,
        algorithm=blank.line(settings.CARD_ALGORITHM),
        state=CardState.ORDERED,
        right_code=application.right_code,
        title=title,
        valid_until=valid_until,
        ordered_on=today,
    )
    order = Order.objects.create(card=card, key=uuid4(), state=OrderState.QUEUED, changed_at=now)
    note_event(card, "ordered", now=now, today=today)
    record(AuditAction.CARD_ORDERED, actor, card, facts={"application": application.pk})
    produce_card.defer(order_id=order.pk)
    return card
