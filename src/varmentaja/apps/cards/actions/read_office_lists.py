# SPDX-License-Identifier: EUPL-1.2
"""Lists of cards and orders are read in the office: each look leaves a trace that names what was listed."""

from __future__ import annotations

from datetime import date

from varmentaja.apps.action import use_case
from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.cards.queries import CardFile, cards_of
from varmentaja.apps.cards.queries_office import TroubledOrder, troubled_orders
from varmentaja.apps.letters.queries import TroubledLetter, troubled_letters
from varmentaja.apps.paging import Page
from varmentaja.apps.people.models import Person
from varmentaja.domain.actors import Actor
from varmentaja.domain.authority import Action, Subject, require


@use_case(AuditAction.CARD_READ)
def read_troubled_orders(actor: Actor, *, after: str = "") -> Page[TroubledOrder]:
    """A page of the orders in trouble, oldest first; raises DomainError not_allowed, not_found."""
    require(actor, Action.CARD_READ, Subject())
    page = troubled_orders(after)
    listed = [line.card_id for line in page.lines]
    record(AuditAction.CARD_READ, actor, facts={"list": "orders", "cards": listed})
    return page


@use_case(AuditAction.CARD_READ)
def read_troubled_letters(actor: Actor, *, after: str = "") -> Page[TroubledLetter]:
    """A page of the letters in trouble, oldest first; raises DomainError not_allowed, not_found."""
    require(actor, Action.CARD_READ, Subject())
    page = troubled_letters(after)
    listed = [line.letter_id for line in page.lines]
    record(AuditAction.CARD_READ, actor, facts={"list": "letters", "letters": listed})
    return page


@use_case(AuditAction.CARD_READ, Person)
def read_cards_of(actor: Actor, person_id: int, *, today: date) -> tuple[CardFile, ...]:
    """A person's cards, newest first; raises DomainError not_allowed."""
    require(actor, Action.CARD_READ, Subject(person_id=person_id))
    cards = cards_of(person_id, today=today)
    listed = [card.card_id for card in cards]
    record(AuditAction.CARD_READ, actor, Person(pk=person_id), facts={"cards": listed})
    return cards
