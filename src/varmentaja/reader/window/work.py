# SPDX-License-Identifier: EUPL-1.2
"""Work that takes its time, away from the window: cards may be slow, networks slower."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

from PySide6.QtCore import QObject, Qt, Signal
from shiboken6 import isValid

from varmentaja.domain.errors import DomainError
from varmentaja.reader.events import Events
from varmentaja.reader.faults import as_told

T = TypeVar("T")


class Done(Generic[T]):
    """How a piece of work ended: a result, or an error to tell."""

    def __init__(self, result: T | None, error: DomainError | None) -> None:
        self.result = result
        self.error = error


class Worker(QObject):
    """Does one thing after another in a thread of its own, and calls back in the window's thread."""

    _finished = Signal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = ThreadPoolExecutor(max_workers=1)
        self._finished.connect(lambda call: call(), Qt.ConnectionType.QueuedConnection)

    def do(self, owner: QObject, job: Callable[[], T], then: Callable[[Done[T]], None]) -> None:
        """Run ``job``; ``then`` hears how it ended, unless ``owner`` (a page, say) is gone by then."""

        def work() -> None:
            try:
                ended = Done(job(), None)
            except Exception as error:
                ended = Done[T](None, as_told(error))
            self._finished.emit(lambda: then(ended) if isValid(owner) else None)

        self._pool.submit(work)

    def close(self) -> None:
        """Finish what was begun: a card is not left in the middle of something."""
        self._pool.shutdown(wait=True, cancel_futures=True)


class Bridge(QObject):
    """Tells the window's thread that something ``happened`` at the readers or the PIN pad."""

    happened = Signal()

    def __init__(self, events: Events, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._events = events
        self._pool = ThreadPoolExecutor(max_workers=1)
        self._over = False
        self._pool.submit(self._listen)

    def _listen(self) -> None:
        number = -1
        while not self._over:
            now = self._events.wait(number, _LONG)
            if now != number and not self._over:
                number = now
                self.happened.emit()

    def close(self) -> None:
        """Stop telling."""
        self._over = True
        self._events.happened()
        self._pool.shutdown(wait=True)


_LONG = 3600.0
