# SPDX-License-Identifier: EUPL-1.2
"""A letter that came back, never arrived, or was held is sent again after a look at the address."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from uuid import uuid4

from varmentaja.apps.action import traced, use_case
from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.cards.records import note_event, subject_of
from varmentaja.apps.letters.models import Letter
from varmentaja.apps.letters.recipients import recipient_of
from varmentaja.apps.letters.records import locked_letter, move_letter
from varmentaja.apps.letters.tasks import post_letter
from varmentaja.apps.people.actions.refresh_person import ask_register, refresh_person
from varmentaja.apps.registration.queries import place_of
from varmentaja.domain import people
from varmentaja.domain.actors import Actor
from varmentaja.domain.authority import Action, require
from varmentaja.domain.cards import CARD, IN_FORCE, CardState
from varmentaja.domain.delivery import Destination, Recipient, recipient
from varmentaja.domain.errors import DomainError, Kind, not_found
from varmentaja.domain.identity_code import IdentityCode
from varmentaja.domain.letters import LetterEvent


def send_again(actor: Actor, letter_id: int, to: Destination, *, now: datetime, today: date) -> None:
    """Send the letter to the address that ``to`` means today: the register is asked for a home.

    It carries the same code: the card's own cannot be changed (decision 9). Raises DomainError: not_found,
    not_allowed, conflict (neither posted nor held; the card has ended), invalid (field ``to``: no such
    address), unavailable (register).
    """
    letter = Letter.objects.select_related("card__person", "card__application").filter(pk=letter_id).first()
    if letter is None:
        raise not_found("There is no such letter.")
    with traced(AuditAction.LETTER_REPRINTED, actor, letter):
        require(actor, Action.CARD_RETURN_LETTER, subject_of(letter.card))
    # Asked before the transaction begins: a slow register must hold no lock.
    person = ask_register(
        IdentityCode.parse(letter.card.person.identity_code), request_id=f"letter-{letter.key}"
    )
    _send(actor, letter_id, to, person, now=now, today=today)


@use_case(AuditAction.LETTER_REPRINTED, Letter)
def _send(
    actor: Actor, letter_id: int, to: Destination, person: people.Person, *, now: datetime, today: date
) -> None:
    letter = locked_letter(letter_id)
    if letter.card.state not in IN_FORCE:
        raise DomainError(Kind.CONFLICT, CARD.states[CardState(letter.card.state)].sentence)
    # The post takes one key once: a letter that goes again needs a new one.
    letter.key, letter.due_on, letter.posted_on = uuid4(), today, None
    move_letter(actor, letter, LetterEvent.SEND_AGAIN, now=now, today=today)
    refresh_person(person, now=now, by=actor)
    _address(letter, _recipient(letter, to, person))
    card = letter.card
    card.letter_due_on, card.letter_posted_on = today, None
    card.save(update_fields=["letter_due_on", "letter_posted_on"])
    note_event(card, "code_letter_sent_again", now=now, today=today)
    record(AuditAction.LETTER_REPRINTED, actor, letter, facts={"to": to})
    post_letter.configure(lock=f"letter-{letter.pk}").defer(letter_id=letter.pk)


def _recipient(letter: Letter, to: Destination, person: people.Person) -> Recipient:
    settled = recipient_of(letter.card, "letter")
    if to is Destination.EMPLOYER and settled.destination is to:
        return settled
    point = place_of(letter.card.application.point)
    return recipient(person, to, point if to is Destination.POINT else None, field="to")


def _address(letter: Letter, address: Recipient) -> None:
    application = letter.card.application
    application.delivery = {**(application.delivery or {}), "letter": asdict(address)}
    application.save(update_fields=["delivery"])
