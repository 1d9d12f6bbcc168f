# SPDX-License-Identifier: EUPL-1.2
"""Transport over PC/SC, for real readers and for vpcd: needs pyscard, imported on first use."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, TypeAlias

from varmentaja.card.driver import CardInUse, CardRemoved
from varmentaja.card.patience import Patience
from varmentaja.domain.errors import unavailable


@dataclass(frozen=True, slots=True)
class ReaderSeen:
    """One reader as PC/SC tells of it; equal to what was seen before while nothing has happened in it."""

    name: str
    has_card: bool
    is_mute: bool
    """There is a card, but its chip does not answer."""
    state: int
    """PC/SC's own word, with its count of insertions where the system keeps one."""

    def same_card(self, other: ReaderSeen) -> bool:
        """Whether nothing was pulled or inserted between the two."""
        return (self.has_card, self.is_mute, self.state >> 16) == (
            other.has_card,
            other.is_mute,
            other.state >> 16,
        )


class PcscReaders:
    """The readers that the system's PC/SC service knows. Calls of one object wait for one another."""

    _held: ClassVar[dict[str, Patience]] = {}
    """By reader, the connection that was asked for last: while it waits for another program, nobody asks for
    one more."""

    def __init__(self) -> None:
        try:
            from smartcard import scard
        except ImportError as error:
            raise unavailable("The support for card readers (pyscard) is not installed.") from error
        self._scard: Any = scard
        self._patience = Patience()
        result, self._context = scard.SCardEstablishContext(scard.SCARD_SCOPE_USER)
        if result != scard.SCARD_S_SUCCESS:
            raise _silent()

    def names(self) -> list[str]:
        """The names of all readers, with and without a card."""
        result, names = self._scard.SCardListReaders(self._context, [])
        return list(names) if result == self._scard.SCARD_S_SUCCESS else []

    def watch(self, before: Sequence[ReaderSeen], timeout: float) -> tuple[ReaderSeen, ...]:
        """All readers, once one of them differs from ``before``, or after ``timeout`` seconds; a reader that
        is plugged in is seen only then, and with no reader at all the answer comes at once.

        Raises unavailable when the PC/SC service does not answer."""
        self._require_service()
        known = {seen.name: seen.state for seen in before}
        asked = [(name, known.get(name, self._scard.SCARD_STATE_UNAWARE)) for name in self.names()]
        if not asked:
            return ()
        result, found = self._scard.SCardGetStatusChange(self._context, int(timeout * 1000), asked)
        if result not in (self._scard.SCARD_S_SUCCESS, self._scard.SCARD_E_TIMEOUT):
            self._require_service()
            return tuple(before)
        return tuple(self._seen(name, state) for name, state, _atr in found)

    def open(self, name: str) -> PcscTransport:
        """The card in this reader; CardRemoved if there is none, CardInUse if a program keeps it."""
        before = self._held.get(name)
        if before and before.is_waiting:
            raise CardInUse()
        self._held[name] = self._patience
        return PcscTransport(self._scard, self._context, name, self._patience)

    def close(self) -> None:
        """Let go of the service; cards that were opened are no longer connected."""
        self._patience.finish(lambda: self._scard.SCardReleaseContext(self._context))

    def _require_service(self) -> None:
        if self._scard.SCardIsValidContext(self._context) != self._scard.SCARD_S_SUCCESS:
            raise _silent()
        result, _names = self._scard.SCardListReaders(self._context, [])
        if result not in (self._scard.SCARD_S_SUCCESS, self._scard.SCARD_E_NO_READERS_AVAILABLE):
            raise _silent()

    def _seen(self, name: str, state: int) -> ReaderSeen:
        return ReaderSeen(
            name,
            has_card=bool(state & self._scard.SCARD_STATE_PRESENT),
            is_mute=bool(state & self._scard.SCARD_STATE_MUTE),
            state=state & ~self._scard.SCARD_STATE_CHANGED,
        )


_Opened: TypeAlias = tuple[int, Any, int, Sequence[int]]
"""What came of connecting, the card's handle, its protocol and ATR."""


class PcscTransport:
    """Implements Transport for one card in one reader."""

    def __init__(self, scard: Any, context: Any, reader: str, patience: Patience) -> None:
        self._scard = scard
        self._patience = patience
        self._lock = threading.RLock()
        self._depth = 0
        self._protocols = scard.SCARD_PROTOCOL_T0 | scard.SCARD_PROTOCOL_T1
        opened = patience.call(lambda: self._connect(context, reader), undo=self._disconnect)
        result, self._card, protocol, atr = opened
        self._require(result)
        self._protocol = scard.SCARD_PCI_T1 if protocol == scard.SCARD_PROTOCOL_T1 else scard.SCARD_PCI_T0
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
                self._require(self._patience.call(self._begin, undo=self._end))
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if self._depth == 0:
                    self._end(self._scard.SCARD_S_SUCCESS)

    def reset(self) -> None:
        with self._lock:
            self._require(self._reconnect(self._scard.SCARD_RESET_CARD))

    def close(self) -> None:
        card = self._card
        self._patience.finish(lambda: self._scard.SCardDisconnect(card, self._scard.SCARD_LEAVE_CARD))

    def _connect(self, context: Any, reader: str) -> _Opened:
        """Waits while another program keeps the card in a transaction."""
        result, card, protocol = self._scard.SCardConnect(
            context, reader, self._scard.SCARD_SHARE_SHARED, self._protocols
        )
        if result != self._scard.SCARD_S_SUCCESS:
            return result, None, protocol, ()
        result, _reader, _state, _protocol, atr = self._scard.SCardStatus(card)
        if result != self._scard.SCARD_S_SUCCESS:
            self._scard.SCardDisconnect(card, self._scard.SCARD_LEAVE_CARD)
        return result, card, protocol, atr

    def _disconnect(self, opened: _Opened) -> None:
        result, card, _protocol, _atr = opened
        if result == self._scard.SCARD_S_SUCCESS:
            self._scard.SCardDisconnect(card, self._scard.SCARD_LEAVE_CARD)

    def _begin(self) -> int:
        """Waits like ``_connect``. Another program may have reset the card meanwhile: it is the same card,
        with nothing verified."""
        result = self._scard.SCardBeginTransaction(self._card)
        if result == self._scard.SCARD_W_RESET_CARD:
            result = self._reconnect(self._scard.SCARD_LEAVE_CARD)
            if result == self._scard.SCARD_S_SUCCESS:
                result = self._scard.SCardBeginTransaction(self._card)
        return int(result)

    def _end(self, begun: int) -> None:
        if begun == self._scard.SCARD_S_SUCCESS:
            self._scard.SCardEndTransaction(self._card, self._scard.SCARD_LEAVE_CARD)

    def _reconnect(self, how: int) -> int:
        result, _protocol = self._scard.SCardReconnect(
            self._card, self._scard.SCARD_SHARE_SHARED, self._protocols, how
        )
        return int(result)

    def _require(self, result: int) -> None:
        """Whatever else PC/SC answers but success means that this connection to the card is over."""
        if result == self._scard.SCARD_E_SHARING_VIOLATION:
            raise CardInUse()
        if result != self._scard.SCARD_S_SUCCESS:
            raise CardRemoved()


def _silent() -> Exception:
    return unavailable("The system's card reader service (PC/SC) does not answer.")
