# SPDX-License-Identifier: EUPL-1.2
"""When a card ends, what has not been posted about it stays unposted."""

from __future__ import annotations

from datetime import datetime

from varmentaja.apps.cards.models import Card
from varmentaja.apps.letters.models import Letter
from varmentaja.domain.letters import LETTER, LetterEvent, LetterState


def cancel_letters(card: Card, *, now: datetime) -> None:
    """Cancel the card's letters that wait; runs in the caller's transaction."""
    waiting = [state for state in LetterState if LETTER.leads(state, LetterEvent.CANCEL)]
    Letter.objects.filter(card=card, state__in=waiting).update(state=LetterState.CANCELLED, changed_at=now)
