# SPDX-License-Identifier: EUPL-1.2
"""Reads of letters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import QuerySet

from varmentaja.apps.letters.models import Letter
from varmentaja.apps.letters.recipients import recipient_of
from varmentaja.apps.paging import Page, count_up_to, page_by_id
from varmentaja.domain.delivery import Recipient
from varmentaja.domain.errors import Message, not_found
from varmentaja.domain.letters import LetterKind, LetterState


@dataclass(frozen=True, slots=True)
class LetterLine:
    """One letter about a card."""

    letter_id: int
    card_id: int
    person_id: int
    kind: LetterKind
    state: LetterState
    due_on: date
    posted_on: date | None
    recipient: Recipient
    """Where it went or is to go."""
    held: bool
    trouble: Message | None
    """Why the last attempt to post it did not succeed."""


@dataclass(frozen=True, slots=True)
class TroubledLetter:
    """A letter that could not be posted."""

    letter_id: int
    holder: str
    attempts: int
    reason: Message
    held: bool
    """It waits for an officer; otherwise it is tried again by itself."""
    changed_at: datetime


def troubled_letters(after: str) -> Page[TroubledLetter]:
    """Letters in trouble, oldest first."""
    rows = _troubled().select_related("card__person").defer("card__face", "card__back")
    return page_by_id(rows, after, _troubled_letter)


def count_troubled_letters() -> int:
    """How many letters are in trouble, up to a hundred."""
    return count_up_to(_troubled())


def letters_of(card_id: int) -> tuple[LetterLine, ...]:
    """The letters about a card, oldest first."""
    return tuple(_line(row) for row in _rows().filter(card_id=card_id).order_by("id"))


def letter_line(letter_id: int) -> LetterLine:
    """One letter; raises DomainError not_found."""
    row = _rows().filter(pk=letter_id).first()
    if row is None:
        raise not_found("There is no such letter.")
    return _line(row)


def due_letters(today: date) -> list[int]:
    """Ids of the letters that wait for ``today`` or an earlier business day; without those held."""
    waiting = Letter.objects.filter(
        state__in=[LetterState.DUE, LetterState.PRINTED], due_on__lte=today, held=False
    )
    return list(waiting.order_by("due_on", "id").values_list("id", flat=True))


def _rows() -> QuerySet[Letter]:
    return Letter.objects.select_related("card__application").defer(
        "card__face", "card__back", "card__application__photo"
    )


def _line(row: Letter) -> LetterLine:
    return LetterLine(
        letter_id=row.pk,
        card_id=row.card_id,
        person_id=row.card.person_id,
        kind=LetterKind(row.kind),
        state=LetterState(row.state),
        due_on=row.due_on,
        posted_on=row.posted_on,
        recipient=recipient_of(row.card, "letter"),
        held=row.held,
        trouble=_reason(row),
    )


def _troubled() -> QuerySet[Letter]:
    waiting = [LetterState.DUE, LetterState.PRINTED]
    return Letter.objects.filter(reason__isnull=False, state__in=waiting)


def _troubled_letter(row: Letter) -> TroubledLetter:
    person, reason = row.card.person, _reason(row)
    assert reason is not None, "letters in trouble have a reason"
    return TroubledLetter(
        letter_id=row.pk,
        holder=f"{person.first_name} {person.family_name}",
        attempts=row.attempts,
        reason=reason,
        held=row.held,
        changed_at=row.changed_at,
    )


def _reason(row: Letter) -> Message | None:
    return Message(row.reason["text"], row.reason["values"]) if row.reason else None
