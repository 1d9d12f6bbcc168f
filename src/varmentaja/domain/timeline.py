# SPDX-License-Identifier: EUPL-1.2
"""A card's way as its holder asks for it: what has happened, what comes next and when, and whom to ask."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from varmentaja.domain.calendar import add_business_days, code_letter_day
from varmentaja.domain.data_files import load
from varmentaja.domain.errors import Message, message


class StepName(StrEnum):
    """The steps, in their order."""

    ORDERED = "ordered"
    MADE = "made"
    POSTED = "posted"
    CODE_LETTER = "code_letter"
    ACTIVATED = "activated"


LABELS = {
    StepName.ORDERED: message("Card ordered"),
    StepName.MADE: message("Card made"),
    StepName.POSTED: message("Card posted"),
    StepName.CODE_LETTER: message("Code letter posted"),
    StepName.ACTIVATED: message("Card activated"),
}

ASK = {
    StepName.ORDERED: message("Ask the registration point where you applied."),
    StepName.MADE: message("Ask the certificate service if the card has not been made by then."),
    StepName.POSTED: message("Ask the certificate service if the card has not been posted by then."),
    StepName.CODE_LETTER: message(
        "If the code letter does not come within a week of this day, ask a registration point for a new one."
    ),
    StepName.ACTIVATED: message(
        "Activate the card with the code letter and a card reader. If that does not work, ask the helpdesk."
    ),
}
"""Whom to ask about each step."""


@dataclass(frozen=True, slots=True)
class CardDates:
    """The business days on which things happened to a card; None for what has not."""

    ordered: date
    made: date | None = None
    posted: date | None = None
    letter_due: date | None = None
    letter_posted: date | None = None
    activated: date | None = None
    ended: date | None = None
    """The day it was lost, cancelled, discarded or expired: nothing is expected after it."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: done on a day, or expected on one, or (neither) open without a date."""

    name: StepName
    label: Message
    done: date | None
    expected: date | None
    ask: Message


def timeline(dates: CardDates, today: date) -> tuple[Step, ...]:
    """All steps in order. An expected day is never in the past: what is late is expected today."""
    done = {
        StepName.ORDERED: dates.ordered,
        StepName.MADE: dates.made,
        StepName.POSTED: dates.posted,
        StepName.CODE_LETTER: dates.letter_posted,
        StepName.ACTIVATED: dates.activated,
    }
    expected = {} if dates.ended else _expected(dates, today)
    return tuple(
        Step(name, LABELS[name], day, None if day else expected.get(name), ASK[name])
        for name, day in done.items()
    )


def next_step(steps: tuple[Step, ...]) -> Step | None:
    """The first step that is not done; None when all are."""
    return next((step for step in steps if step.done is None), None)


def _expected(dates: CardDates, today: date) -> dict[StepName, date]:
    """The days the service holds itself to. Activation is up to the holder and has none."""
    days = load("schedule")
    made = dates.made or max(today, add_business_days(dates.ordered, days["making"]["business_days"]))
    posted = dates.posted or max(today, add_business_days(made, days["posting"]["business_days"]))
    letter = dates.letter_due or code_letter_day(posted)
    return {
        StepName.MADE: made,
        StepName.POSTED: posted,
        StepName.CODE_LETTER: max(today, letter),
    }
