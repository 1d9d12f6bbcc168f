# SPDX-License-Identifier: EUPL-1.2
"""When a card ends, what has not been posted about it stays unposted."""

from __future__ import annotations

from datetime import datetime

from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.cards.models import Card
from varmentaja.apps.letters.models import Letter
from varmentaja.domain.actors import Actor
from varmentaja.domain.letters import LETTER, LetterEvent, LetterState


def cancel_letters(actor: Actor, card: Card, *, now: datetime) -> None:
    """Cancel the letters of the locked card that wait; runs in the caller's transaction.

    A letter that is being handed to the post just now is called back by its own job (post_letter.py).
    """
    waiting = [state for state in LetterState if LETTER.leads(state, LetterEvent.CANCEL)]
    for letter in Letter.objects.select_for_update().filter(card=card, state__in=waiting).order_by("id"):
        letter.state, letter.changed_at = LetterState.CANCELLED, now
        letter.save(update_fields=["state", "changed_at"])
        record(AuditAction.LETTER_CANCELLED, actor, letter)
