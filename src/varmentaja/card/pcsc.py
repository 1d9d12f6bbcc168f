# SPDX-License-Identifier: EUPL-1.2
"""Transport over PC/SC, for real readers and for vpcd: needs pyscard, imported on first use."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from varmentaja.card.driver import CardRemoved
from varmentaja.domain.errors import unavailable


class PcscReaders:
    """The readers that the system's PC/SC service knows."""

    def __init__(self) -> None:
        try:
            from smartcard import scard
        except ImportError as error:
            raise unavailable("The support for card readers (pyscard) is not installed.") from error
        self._scard: Any = scard
        result, self._context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
        if result != scard.SCARD_S_SUCCESS:
            raise unavailable("The system's card reader service (PC/SC) does not answer.")

    def names(self) -> list[str]:
        """The names of all readers, with and without a card."""
        result, names = self._scard.SCardListReaders(self._context, [])
        return list(names) if result == self._scard.SCARD_S_SUCCESS else []

    def open(self, name: str) -> PcscTransport:
        """The card in this reader; CardRemoved if there is none."""
        return PcscTransport(self._scard, self._context, name)


class PcscTransport:
    """Implements Transport for one card in one reader."""

    def __init__(self, scard: Any, context: Any, reader: str) -> None:
        self._scard = scard
        self._lock = threading.RLock()
        self._depth = 0
        protocols = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
        result, self._card, protocol = scard.SCardConnect(
            context, reader, scard.SCARD_SHARE_SHARED, protocols
        )
        self._require(result)
        self._protocol = scard.SCARD_PCI_T1 if protocol == scard.SCARD_PROTOCOL_T1 else scard.SCARD_PCI_T0
        result, _reader, _state, _protocol, atr = scard.SCardStatus(self._card)
        self._require(result)
        self._atr = bytes(atr)

    @property
    def atr(self) -> bytes:
        return self._atr

    def transmit(self, apdu: bytes) -> bytes:
        with self._lock:
            result, answer = self._scard.SCardTransmit(self._card, self._protocol, list(apdu))
            self._require(result)
            return bytes(answer)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._lock:
            if self._depth == 0:
                self._require(self._scard.SCardBeginTransaction(self._card))
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if self._depth == 0:
                    self._scard.SCardEndTransaction(self._card, self._scard.SCARD_LEAVE_CARD)

    def close(self) -> None:
        self._scard.SCardDisconnect(self._card, self._scard.SCARD_LEAVE_CARD)

    def _require(self, result: int) -> None:
        """Whatever PC/SC answers but success means that this connection to the card is over."""
        if result != self._scard.SCARD_S_SUCCESS:
            raise CardRemoved()
