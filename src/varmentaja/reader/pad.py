# SPDX-License-Identifier: EUPL-1.2
"""The PIN pad of the virtual reader: one question waits at a time, the page (or a script) answers it."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from varmentaja.domain.errors import conflict
from varmentaja.reader.events import Events
from varmentaja.reader.prompts import PinAnswer, PinRequest

PATIENCE = 300.0
"""Seconds a question stays on the pad; nobody should have to hurry."""

_POLL = 0.1


@dataclass(frozen=True, slots=True)
class PendingPin:
    """A question on the pad; ``number`` tells it from the one before, so that an answer can't go astray."""

    number: str
    request: PinRequest


class Pad:
    """A PinPrompt whose questions are answered by ``answer`` and ``cancel`` from another thread."""

    def __init__(self, events: Events, *, patience: float = PATIENCE) -> None:
        self._events = events
        self._patience = patience
        self._changed = threading.Condition()
        self._pending: PendingPin | None = None
        self._answer: PinAnswer | None = None

    @property
    def pending(self) -> PendingPin | None:
        """The question that waits now."""
        return self._pending

    def ask(self, request: PinRequest, *, given_up: Callable[[], bool]) -> PinAnswer | None:
        """Put a question on the pad and wait."""
        pending = PendingPin(secrets.token_urlsafe(12), request)
        deadline = time.monotonic() + self._patience
        with self._changed:
            self._pending, self._answer = pending, None
            self._events.happened()
            while self._pending is pending and time.monotonic() < deadline and not given_up():
                self._changed.wait(_POLL)
            answer, self._answer = self._answer, None
            self._pending = None
        self._events.happened()
        return answer

    def answer(self, number: str, answer: PinAnswer) -> None:
        """Give the PIN; raises conflict when that question is no longer there."""
        with self._changed:
            pending = self._take(number)
            if not 0 <= answer.choice < len(pending.request.choices):
                raise conflict("Choose one of the certificates.")
            self._answer, self._pending = answer, None
            self._changed.notify_all()

    def cancel(self, number: str) -> None:
        """Say no; raises conflict when that question is no longer there."""
        with self._changed:
            self._take(number)
            self._pending = None
            self._changed.notify_all()

    def _take(self, number: str) -> PendingPin:
        if self._pending is None or not secrets.compare_digest(self._pending.number, number):
            raise conflict("Nobody asks for this PIN any more. Start again from the page that asked.")
        return self._pending
