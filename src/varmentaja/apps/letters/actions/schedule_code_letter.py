# SPDX-License-Identifier: EUPL-1.2
"""When a card leaves, its code letter is put down for a later business day."""

from __future__ import annotations

from datetime import date, datetime
from uuid import uuid4

from varmentaja.apps.cards.models import Card
from varmentaja.apps.letters.models import Letter
from varmentaja.domain.calendar import code_letter_day, letter_rule
from varmentaja.domain.letters import LetterKind, LetterState


def schedule_code_letter(card: Card, *, now: datetime, today: date) -> Letter:
    """The code letter of a card dispatched ``today``; runs in the caller's transaction."""
    due_on = code_letter_day(today, letter_rule())
    letter, _ = Letter.objects.get_or_create(
        card=card,
        kind=LetterKind.CODE,
        defaults={"key": uuid4(), "state": LetterState.DUE, "due_on": due_on, "changed_at": now},
    )
    card.letter_due_on = letter.due_on
    card.save(update_fields=["letter_due_on"])
    return letter
