# SPDX-License-Identifier: EUPL-1.2
"""Waiting for other programs, but not for ever: PC/SC itself knows no end.

While another program keeps a card in a transaction, connecting to the card and beginning a transaction of
one's own wait inside PC/SC, whose SCardCancel ends neither.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any, TypeVar

from varmentaja.card.driver import CardInUse

SECONDS = 5.0
"""Longer than programs keep a card for a signature, or for reading it whole."""

T = TypeVar("T")


class Patience:
    """Makes the calls of one connection to PC/SC that may wait, each in a thread of its own. One that takes
    too long is left behind; until it has ended nothing else is asked of that connection."""

    def __init__(self, seconds: float | None = None) -> None:
        self._seconds = SECONDS if seconds is None else seconds
        self._lock = threading.Lock()
        self._is_waiting = False
        self._afterwards: list[Callable[[], Any]] = []

    @property
    def is_waiting(self) -> bool:
        """Whether a call that was left behind still waits."""
        return self._is_waiting

    def call(self, function: Callable[[], T], *, undo: Callable[[T], Any]) -> T:
        """What ``function`` returns; CardInUse when that takes too long: ``undo`` gets it once it comes."""
        if self._is_waiting:
            raise CardInUse()
        done = Future[T]()
        threading.Thread(target=self._make, args=(done, function, undo), daemon=True).start()
        try:
            return done.result(self._seconds)
        except TimeoutError:
            with self._lock:
                self._is_waiting = not done.done()
            if self._is_waiting:
                raise CardInUse() from None
            return done.result()

    def finish(self, action: Callable[[], Any]) -> None:
        """Do this last thing: now, or once the call has ended that was left behind."""
        with self._lock:
            if self._is_waiting:
                self._afterwards.append(action)
                return
        action()

    def _make(self, done: Future[T], function: Callable[[], T], undo: Callable[[T], Any]) -> None:
        try:
            result = function()
        except Exception as error:
            tell, take_back = partial(done.set_exception, error), _nothing
        else:
            tell, take_back = partial(done.set_result, result), partial(undo, result)
        with self._lock:
            if not self._is_waiting:
                tell()
                return
        take_back()
        with self._lock:
            self._is_waiting = False
            afterwards, self._afterwards = self._afterwards, []
        for action in afterwards:
            action()


def _nothing() -> None:
    """There is nothing to undo."""
