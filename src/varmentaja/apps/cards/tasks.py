# SPDX-License-Identifier: EUPL-1.2
"""Background work on cards."""

from __future__ import annotations

from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from varmentaja.apps.sandbox.clock import business_today


@app.task(queue="production", retry=RetryStrategy(wait=2, linear_wait=10))
def produce_card(order_id: int) -> None:
    """Have the card of an order made; safe to run again after any interruption."""
    from varmentaja.apps.cards.actions.produce_card import produce_card as produce  # tasks load before models

    produce(order_id, now=timezone.now(), today=business_today())


@app.periodic(cron="5 * * * *")
@app.task(queue="deadlines", lock="expiry")
def expire_cards(timestamp: int) -> None:
    """Every hour (``timestamp`` in Unix seconds): note what has expired; safe to run again."""
    from varmentaja.apps.cards.actions.expire_cards import expire_cards as expire  # as above

    expire(now=timezone.now(), today=business_today())


@app.periodic(cron="25 * * * *")
@app.task(queue="deadlines", lock="replaced")
def end_replaced_cards(timestamp: int) -> None:
    """Every hour (``timestamp`` in Unix seconds): end cards whose successors have come; safe to run again."""
    from varmentaja.apps.cards.actions.end_replaced import end_replaced  # as above

    end_replaced(now=timezone.now(), today=business_today())
