# SPDX-License-Identifier: EUPL-1.2
"""What the service says of the cards that are in: asked when a card comes, and again while somebody looks.

A card may be revoked while it lies in the reader, and a service that did not answer may be there again."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from PySide6.QtCore import QObject, QTimer, Signal

from varmentaja.card.driver import KeyRole
from varmentaja.reader.cards import InsertedCard
from varmentaja.reader.observed import Observed, Standing
from varmentaja.reader.window.work import Done, Worker

AGAIN = 180.0
"""Seconds after which the service is asked again while the window is looked at."""
FRESH = 20.0
"""Seconds that an answer is good for when somebody turns to the window."""


@dataclass(frozen=True, slots=True)
class Told:
    """What was said of one card."""

    is_awaited: bool = True
    """Nothing has been said yet."""
    standings: Mapping[KeyRole, Standing] = field(default_factory=dict)
    """By certificate; those that nothing could be found out about are missing."""
    at: float = field(default=0.0, compare=False)
    """When, by a clock that never jumps."""


class Statuses(QObject):
    """Asks in a thread of its own; ``changed`` when something new was said."""

    changed = Signal()

    def __init__(self, ask: Callable[[InsertedCard], Observed], is_seen: Callable[[], bool]) -> None:
        """``is_seen``: whether anybody can see what is said; otherwise nobody is asked again."""
        super().__init__()
        self._ask = ask
        self._is_seen = is_seen
        self._worker = Worker(self)
        self._told: dict[InsertedCard, Told] = {}
        self._asked: set[InsertedCard] = set()
        self._timer = QTimer(self)
        self._timer.timeout.connect(lambda: self.ask_again(AGAIN / 2))
        self._timer.start(round(AGAIN * 1000))

    def of(self, card: InsertedCard) -> Told:
        """What was said of a card last; asks where nothing was."""
        if card not in self._told:
            self._told[card] = Told()
            self._begin(card)
        return self._told[card]

    def keep(self, cards: Collection[InsertedCard]) -> None:
        """Forget all others: a card that comes back is asked about anew."""
        for card in self._told.keys() - set(cards):
            del self._told[card]

    def ask_again(self, older_than: float | None = None) -> None:
        """Ask about all cards whose answer is so many seconds old (FRESH)."""
        limit = FRESH if older_than is None else older_than
        if self._is_seen():
            for card, told in self._told.items():
                if not told.is_awaited and time.monotonic() - told.at >= limit:
                    self._begin(card)

    def close(self) -> None:
        """Finish what was begun."""
        self._timer.stop()
        self._worker.close()

    def _begin(self, card: InsertedCard) -> None:
        if card not in self._asked:
            self._asked.add(card)
            self._worker.do(self, lambda: self._ask(card), lambda ended: self._hear(card, ended))

    def _hear(self, card: InsertedCard, ended: Done[Observed]) -> None:
        self._asked.discard(card)
        if card in self._told:
            seen = ended.result.certificates if ended.result else {}
            standings = {role: each.standing for role, each in seen.items() if each.standing}
            self._told[card] = Told(is_awaited=False, standings=standings, at=time.monotonic())
        self.changed.emit()
