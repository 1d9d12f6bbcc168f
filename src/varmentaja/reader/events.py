# SPDX-License-Identifier: EUPL-1.2
"""A counter that pages wait on: it grows whenever a card or the PIN pad changes."""

from __future__ import annotations

import threading


class Events:
    """``happened`` wakes every ``wait``; safe to use from many threads."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._number = 0

    @property
    def number(self) -> int:
        """How many things have happened so far."""
        return self._number

    def happened(self) -> None:
        """Something changed."""
        with self._changed:
            self._number += 1
            self._changed.notify_all()

    def wait(self, after: int, timeout: float) -> int:
        """The counter once it differs from ``after``, or after ``timeout`` seconds."""
        with self._changed:
            self._changed.wait_for(lambda: self._number != after, timeout)
            return self._number
