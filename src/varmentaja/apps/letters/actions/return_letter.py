# SPDX-License-Identifier: EUPL-1.2
"""A letter has come back to the office."""

from __future__ import annotations

from datetime import date, datetime

from varmentaja.apps.action import use_case
from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.cards.records import note_event
from varmentaja.apps.letters.models import Letter
from varmentaja.apps.letters.records import locked_letter, move_letter
from varmentaja.domain.actors import Actor
from varmentaja.domain.letters import LetterEvent


@use_case(AuditAction.LETTER_RETURNED, Letter)
def return_letter(actor: Actor, letter_id: int, *, now: datetime, today: date) -> None:
    """Note that the post brought the letter back; raises DomainError conflict unless it has been posted."""
    letter = locked_letter(letter_id)
    move_letter(actor, letter, LetterEvent.RETURN, now=now, today=today)
    note_event(letter.card, "code_letter_returned", now=now, today=today)
    record(AuditAction.LETTER_RETURNED, actor, letter)
