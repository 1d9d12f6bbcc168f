# SPDX-License-Identifier: EUPL-1.2
"""One professional card a person: a card that has come into use ends the older one that it replaces."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from varmentaja.apps.cards.actions.end_card import end_card
from varmentaja.apps.cards.models import Card
from varmentaja.apps.cards.records import locked_card
from varmentaja.domain.actors import SYSTEM
from varmentaja.domain.cards import OUT, CardState, days_of_replaced_card
from varmentaja.domain.eligibility import Decision
from varmentaja.domain.eligibility_rules import stand_together
from varmentaja.domain.products import BoundTo, products
from varmentaja.domain.revocation import Ground

SINGLE = [kind.id for kind in products().values() if kind.bound_to is BoundTo.RIGHT]
"""Products of which a person has one card."""


def replaced_by(new: Card) -> list[Card]:
    """The older cards that are out and that ``new`` replaces, newest first.

    Which may stand beside it, one as physician and one as dentist, the rights tell on which it was decided.
    """
    if new.product not in SINGLE or new.application.decision is None:
        return []
    decision = Decision.from_document(new.application.decision)
    return [
        old
        for old in _older(new.person_id, new.product, new.pk).order_by("-id")
        if not stand_together(decision.facts, new.right_code, old.right_code, decision.decided_on)
    ]


def end_replaced_by(new: Card, *, now: datetime, today: date) -> None:
    """End the cards that the locked ``new`` replaces; newer cards are always locked before older ones."""
    for old in replaced_by(new):
        if locked_card(old.pk).state in OUT:
            end_card(SYSTEM, old.pk, Ground.REPLACED, now=now, today=today)


def end_replaced(*, now: datetime, today: date) -> None:
    """End the older cards whose successors should have been in their holders' hands for long, used or not."""
    old = _older(OuterRef("person_id"), OuterRef("product"), OuterRef("pk"))
    waiting = Card.objects.filter(
        Exists(old),
        product__in=SINGLE,
        state=CardState.DISPATCHED,
        letter_posted_on__lte=today - timedelta(days=days_of_replaced_card()),
    )
    for card_id in waiting.order_by("id").values_list("id", flat=True):
        with transaction.atomic():
            new = locked_card(card_id)
            if new.state in OUT:  # it may have been reported lost meanwhile
                end_replaced_by(new, now=now, today=today)


def _older(person: int | OuterRef, product: str | OuterRef, card: int | OuterRef) -> QuerySet[Card]:
    older = Card.objects.filter(person_id=person, product=product, id__lt=card, state__in=OUT)
    return older.only("id", "right_code")
