# SPDX-License-Identifier: EUPL-1.2
"""Transport to a virtual card in the same process: for tests, and for the card host itself."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from varmentaja.card.virtual.card import VirtualCard


class InProcessTransport:
    """Implements Transport."""

    def __init__(self, card: VirtualCard) -> None:
        self._card = card
        self._lock = threading.RLock()
        card.reset()

    @property
    def atr(self) -> bytes:
        return self._card.atr

    def transmit(self, apdu: bytes) -> bytes:
        with self._lock:
            return self._card.transmit(apdu)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._lock:
            yield

    def reset(self) -> None:
        with self._lock:
            self._card.reset()

    def close(self) -> None:
        """Nothing to let go of."""
