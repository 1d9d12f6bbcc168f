# SPDX-License-Identifier: EUPL-1.2
"""A code letter is written, printed and posted on its day.

Here alone, besides the factory, the code is derived; it is never stored, and each time leaves a trace
(decision 9).
"""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction

from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.cards.records import note_event
from varmentaja.apps.letters.models import Letter
from varmentaja.apps.letters.recipients import recipient_of
from varmentaja.apps.letters.records import locked_letter, move_letter
from varmentaja.documents.letters import CodeLetter, activation_letter
from varmentaja.domain.actors import SYSTEM
from varmentaja.domain.letters import LetterEvent, LetterState
from varmentaja.domain.people import Language
from varmentaja.domain.pins import pin_rules
from varmentaja.ports.connected import outside
from varmentaja.ports.post import Enclosure, Mailing


def post_letter(letter_id: int, *, now: datetime, today: date) -> None:
    """Post the letter if it is due; the post takes one key once, so a run that was cut off is done again.

    Raises DomainError unavailable when the post does not answer: the letter stays printed.
    """
    with transaction.atomic():
        letter = locked_letter(letter_id)
        if letter.state == LetterState.DUE:
            move_letter(SYSTEM, letter, LetterEvent.PRINT, now=now, today=today)
        if letter.state != LetterState.PRINTED:
            return
        record(AuditAction.CODE_DERIVED, SYSTEM, letter, facts={"for": "letter"})
    post = outside().post
    assert post is not None, "the worker reaches the post"
    post.send(_mailing(letter, today=today))
    with transaction.atomic():
        letter = locked_letter(letter_id)
        if letter.state != LetterState.PRINTED:
            return
        letter.posted_on = today
        move_letter(SYSTEM, letter, LetterEvent.POST, now=now, today=today)
        letter.card.letter_posted_on = today
        letter.card.save(update_fields=["letter_posted_on"])
        note_event(letter.card, "code_letter_posted", now=now, today=today)
        record(AuditAction.LETTER_SENT, SYSTEM, letter)


def _mailing(letter: Letter, *, today: date) -> Mailing:
    card = letter.card
    rules = pin_rules(card.product, card.generation)
    custody = outside().custody
    assert custody is not None and card.chip_serial, "a posted card has a chip"
    lines = recipient_of(card, "letter").lines()
    content = CodeLetter(
        sender=outside().sender,
        address_lines=lines,
        day=today,
        code=custody.activation_code(card.chip_serial, rules.code_length),
        printed_serial=card.printed_serial or "",
        pins=rules,
    )
    return Mailing(
        key=f"letter-{letter.key}",
        kind=letter.kind,
        holder=card.person.electronic_id,
        address_lines=lines,
        posted_on=today,
        enclosures=(Enclosure("letter.pdf", activation_letter(content, Language(card.person.language))),),
    )
