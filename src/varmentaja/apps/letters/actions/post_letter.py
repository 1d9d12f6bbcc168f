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
from varmentaja.apps.letters.actions.cancel_letters import cancel_letters
from varmentaja.apps.letters.models import Letter
from varmentaja.apps.letters.recipients import recipient_of
from varmentaja.apps.letters.records import locked_letter, move_letter
from varmentaja.documents.letters import CodeLetter, activation_letter
from varmentaja.domain.actors import SYSTEM
from varmentaja.domain.cards import IN_FORCE
from varmentaja.domain.letters import LETTER, LetterEvent, LetterState
from varmentaja.domain.people import Language
from varmentaja.domain.pins import pin_rules
from varmentaja.ports.connected import outside
from varmentaja.ports.post import Enclosure, Mailing, Post, Recalled


def post_letter(letter_id: int, *, now: datetime, today: date) -> None:
    """Post the letter if it is due; the post takes one key once, so a run that was cut off is done again.

    The letter of a card that has ended stays here; if the card ends while the letter is handed over, the post
    is asked to stop it. Raises DomainError unavailable when the post does not answer: the letter stays
    printed.
    """
    letter = _print(letter_id, now=now, today=today)
    if letter.state == LetterState.PRINTED:
        mailing = _mailing(letter, today=today)
        if Letter.objects.filter(pk=letter_id, state=LetterState.PRINTED).exists():
            _post().send(mailing)
            letter = _note_posted(letter_id, now=now, today=today)
    if letter.state == LetterState.CANCELLED:
        _call_back(letter, now=now, today=today)


def _print(letter_id: int, *, now: datetime, today: date) -> Letter:
    with transaction.atomic():
        letter = locked_letter(letter_id)
        if letter.card.state not in IN_FORCE and LETTER.leads(LetterState(letter.state), LetterEvent.CANCEL):
            cancel_letters(SYSTEM, letter.card, now=now)
            letter.refresh_from_db(fields=["state"])
        if letter.state == LetterState.DUE:
            move_letter(SYSTEM, letter, LetterEvent.PRINT, now=now, today=today)
        if letter.state == LetterState.PRINTED:
            record(AuditAction.CODE_DERIVED, SYSTEM, letter, facts={"for": "letter"})
    return letter


def _note_posted(letter_id: int, *, now: datetime, today: date) -> Letter:
    with transaction.atomic():
        letter = locked_letter(letter_id)
        if letter.state == LetterState.PRINTED:
            letter.posted_on = today
            move_letter(SYSTEM, letter, LetterEvent.POST, now=now, today=today)
            letter.card.letter_posted_on = today
            letter.card.save(update_fields=["letter_posted_on"])
            note_event(letter.card, "code_letter_posted", now=now, today=today)
            record(AuditAction.LETTER_SENT, SYSTEM, letter)
    return letter


def _call_back(letter: Letter, *, now: datetime, today: date) -> None:
    """The card ended meanwhile: whether or not the post had the letter already, it is not to arrive."""
    recalled = _post().recall(_key(letter))
    if recalled is Recalled.NOT_HERE:
        return
    stopped = recalled is Recalled.STOPPED
    with transaction.atomic():
        card = locked_letter(letter.pk).card
        note_event(card, "code_letter_stopped" if stopped else "code_letter_left", now=now, today=today)
        record(AuditAction.LETTER_STOPPED if stopped else AuditAction.LETTER_LEFT_TOO_LATE, SYSTEM, letter)


def _post() -> Post:
    post = outside().post
    assert post is not None, "the worker reaches the post"
    return post


def _key(letter: Letter) -> str:
    return f"letter-{letter.key}"


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
        key=_key(letter),
        kind=letter.kind,
        holder=card.person.electronic_id,
        address_lines=lines,
        posted_on=today,
        enclosures=(Enclosure("letter.pdf", activation_letter(content, Language(card.person.language))),),
    )
