# SPDX-License-Identifier: EUPL-1.2
"""A code letter is written, printed and posted on its day.

Here alone, besides the factory, the code is derived; it is never stored, and each time leaves a trace
(decision 9).
"""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.db.models import F

from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.cards.records import note_event
from varmentaja.apps.letters.actions.cancel_letters import cancel_letters
from varmentaja.apps.letters.actions.last_look import why_not_there
from varmentaja.apps.letters.models import Letter
from varmentaja.apps.letters.recipients import recipient_of
from varmentaja.apps.letters.records import locked_letter, move_letter
from varmentaja.apps.trouble import as_told
from varmentaja.documents.letters import CodeLetter, activation_letter
from varmentaja.domain.actors import SYSTEM
from varmentaja.domain.cards import IN_FORCE
from varmentaja.domain.errors import DomainError, Kind
from varmentaja.domain.letters import LETTER, LetterEvent, LetterState
from varmentaja.domain.people import Language
from varmentaja.domain.pins import pin_rules
from varmentaja.ports.connected import outside
from varmentaja.ports.post import Enclosure, Mailing, Post, Recalled

MOST_ATTEMPTS = 3
"""How often a letter is written, with its code, before it is held for an officer."""


def post_letter(letter_id: int, *, now: datetime, today: date) -> None:
    """Post the letter if it is due; the post takes one key once, so a run that was cut off is done again.

    The letter of a card that has ended stays here; if the card ends while the letter is handed over, the post
    is asked to stop it. Raises DomainError unavailable when the post does not answer, and whatever else goes
    wrong: the letter stays printed, with the reason for the officer. Once it is held nothing is raised and
    nothing done any more.
    """
    try:
        _go(letter_id, now=now, today=today)
    except Exception as fault:
        if not _note_trouble(letter_id, as_told(fault), now=now):
            raise


def _go(letter_id: int, *, now: datetime, today: date) -> None:
    letter, is_first_run = _print(letter_id, now=now, today=today)
    if letter.held and letter.state == LetterState.PRINTED:
        return
    if letter.state == LetterState.PRINTED and not is_first_run:
        letter = _ask_post(letter, now=now, today=today)
    if letter.state == LetterState.PRINTED:
        letter = _send(letter, now=now, today=today)
    if letter.state == LetterState.CANCELLED:
        _call_back(letter, now=now, today=today)


def _print(letter_id: int, *, now: datetime, today: date) -> tuple[Letter, bool]:
    """The letter, printed if it is due, and whether it was this run that did it."""
    with transaction.atomic():
        letter = locked_letter(letter_id)
        if letter.card.state not in IN_FORCE and LETTER.leads(LetterState(letter.state), LetterEvent.CANCEL):
            cancel_letters(SYSTEM, letter.card, now=now)
            letter.refresh_from_db(fields=["state"])
        if letter.state != LetterState.DUE:
            return letter, False
        move_letter(SYSTEM, letter, LetterEvent.PRINT, now=now, today=today)
    return letter, True


def _ask_post(letter: Letter, *, now: datetime, today: date) -> Letter:
    """An earlier run may have handed it over before it was cut off. Asked before the code is derived again:
    while the post is silent nothing is."""
    left = _post().recall(_key(letter)) is Recalled.LEFT
    return _note_posted(letter.pk, now=now, today=today) if left else letter


def _send(letter: Letter, *, now: datetime, today: date) -> Letter:
    why = why_not_there(letter.card, "letter", request_id=f"letter-{letter.key}-{today.isoformat()}", now=now)
    if why is not None:
        _note_trouble(letter.pk, DomainError(Kind.INVALID, why), now=now, held=True)
        return letter
    mailing = _mailing(letter, today=today)
    if not Letter.objects.filter(pk=letter.pk, state=LetterState.PRINTED).exists():
        letter.refresh_from_db(fields=["state"])
        return letter
    _post().send(mailing)
    return _note_posted(letter.pk, now=now, today=today)


def _note_trouble(letter_id: int, error: DomainError, *, now: datetime, held: bool = False) -> bool:
    """Keep why an attempt failed, for the officer's page; whether the letter is held from now on."""
    with transaction.atomic():
        letter = Letter.objects.select_for_update().get(pk=letter_id)
        if letter.state != LetterState.PRINTED:
            return False
        letter.reason = {"text": error.message.text, "values": dict(error.message.values)}
        letter.held = held or letter.attempts >= MOST_ATTEMPTS
        letter.changed_at = now
        letter.save(update_fields=["reason", "held", "changed_at"])
    return letter.held


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
    with transaction.atomic():
        Letter.objects.filter(pk=letter.pk).update(attempts=F("attempts") + 1)
        record(AuditAction.CODE_DERIVED, SYSTEM, letter, facts={"for": "letter"})
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
