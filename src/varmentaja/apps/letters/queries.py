# SPDX-License-Identifier: EUPL-1.2
"""Reads of letters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from django.db.models import QuerySet

from varmentaja.apps.letters.models import Letter
from varmentaja.apps.letters.recipients import recipient_of
from varmentaja.domain.delivery import Recipient
from varmentaja.domain.errors import not_found
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
    """Ids of the letters that wait for ``today`` or an earlier business day."""
    waiting = Letter.objects.filter(state__in=[LetterState.DUE, LetterState.PRINTED], due_on__lte=today)
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
    )
