# SPDX-License-Identifier: EUPL-1.2
"""What every use case on a letter shares: lock it, let an event happen to it."""

from __future__ import annotations

from datetime import date, datetime

from varmentaja.apps.cards.models import Card
from varmentaja.apps.cards.records import subject_of
from varmentaja.apps.letters.models import Letter
from varmentaja.domain.actors import Actor
from varmentaja.domain.errors import not_found
from varmentaja.domain.letters import LETTER, LetterEvent, LetterFacts, LetterState


def locked_letter(letter_id: int) -> Letter:
    """The letter, locked until the end of the transaction; raises DomainError not_found.

    Its card is locked first, in the order in which the end of a card locks its letters.
    """
    Card.objects.select_for_update(of=("self",)).filter(letters=letter_id).first()
    try:
        return (
            Letter.objects.select_for_update(of=("self",))
            .select_related("card__person", "card__application__point")
            .get(pk=letter_id)
        )
    except Letter.DoesNotExist:
        raise not_found("There is no such letter.") from None


def move_letter(actor: Actor, letter: Letter, event: LetterEvent, *, now: datetime, today: date) -> None:
    """Let ``event`` happen to the locked letter and store it; raises why it cannot."""
    facts = LetterFacts(today=today, due_on=letter.due_on, held=letter.held)
    letter.state = LETTER.apply(LetterState(letter.state), event, actor, subject_of(letter.card), facts)
    letter.changed_at = now
    # What ailed it before is over.
    letter.attempts, letter.reason, letter.held = 0, None, False
    letter.save()
