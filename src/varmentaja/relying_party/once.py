# SPDX-License-Identifier: EUPL-1.2
"""Remembers which challenges were answered, for a website of one process; several share a database."""

from __future__ import annotations

import threading
from datetime import datetime

from varmentaja.relying_party.challenge import CLOCK_SKEW, LIFETIME
from varmentaja.relying_party.refusals import Outcome, Refused


class UsedOnce:
    """Nonces that have been used; safe to call from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._used: dict[str, datetime] = {}

    def use(self, nonce: str, *, now: datetime) -> None:
        """Note that ``nonce`` is used now; Refused(TOO_OLD) when it was used before."""
        with self._lock:
            old = [each for each, at in self._used.items() if at < now - LIFETIME - 2 * CLOCK_SKEW]
            for each in old:
                del self._used[each]
            if nonce in self._used:
                raise Refused(Outcome.TOO_OLD, "the challenge was answered before")
            self._used[nonce] = now
