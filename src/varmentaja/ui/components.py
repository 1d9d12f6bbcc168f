# SPDX-License-Identifier: EUPL-1.2
"""What the template components take: views build these values, templates only lay them out.

Texts are already in the reader's language (``gettext``); each component is ``ui/<name>.html``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from django.utils.functional import Promise

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Link:
    """Somewhere to go; also a crumb of the breadcrumb and an item of the navigation."""

    text: Text
    href: str
    current: bool = False


class Tone(StrEnum):
    """How a status tag looks; the text alone must tell the same."""

    NEUTRAL = "neutral"
    ACTIVE = "active"
    GOOD = "good"
    ATTENTION = "attention"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Status:
    """A state in one or two words."""

    text: Text
    tone: Tone = Tone.NEUTRAL


@dataclass(frozen=True, slots=True)
class Column:
    """A table's column; numbers stand at the right."""

    label: Text
    numeric: bool = False


Cell = Text | int | date | Status | Link


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of cells in the columns' order; the first cell names its row."""

    caption: Text
    columns: Sequence[Column]
    rows: Sequence[Sequence[Cell]]
    empty: Text = ""
    """What to say when there is no row."""

    def labelled_rows(self) -> list[list[tuple[Column, Cell]]]:
        """Each cell with its column, so that a phone can show the label beside it."""
        return [list(zip(self.columns, row, strict=True)) for row in self.rows]


class Progress(StrEnum):
    """Where an entry of a stepper or time line stands."""

    DONE = "done"
    CURRENT = "current"
    COMING = "coming"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One step of a card's or an application's way."""

    title: Text
    progress: Progress
    when: date | None = None
    estimated: bool = False
    """The date is a forecast."""
    text: Text = ""


@dataclass(frozen=True, slots=True)
class Stepper:
    """A long form's pages; ``current`` counts from 1."""

    steps: Sequence[Text]
    current: int

    def placed(self) -> list[tuple[Text, Progress]]:
        """Each step's name with its place."""
        return [(name, self._progress(number)) for number, name in enumerate(self.steps, start=1)]

    def _progress(self, number: int) -> Progress:
        if number == self.current:
            return Progress.CURRENT
        return Progress.DONE if number < self.current else Progress.COMING


@dataclass(frozen=True, slots=True)
class SummaryRow:
    """A question and its answer; ``change`` leads to the page where it was asked."""

    label: Text
    value: Cell
    change: str = ""


@dataclass(frozen=True, slots=True)
class CardFace:
    """What is printed on a card's face."""

    kind: Text
    name: str
    title: Text
    number_label: Text
    number: str
    valid_until: date
    photo: str = ""
    """Address of the photograph; empty where there is none."""
    with_photo: bool = True
    test: bool = False
