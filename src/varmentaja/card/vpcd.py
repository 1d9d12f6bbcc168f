# SPDX-License-Identifier: EUPL-1.2
"""vpcd's frames, both ends of the wire: a card plugged into a reader over TCP, and a slot of our own reader.

The card connects; each frame is a two-byte length and the payload. A payload of one byte is a control (power
off, power on, reset, or "tell your ATR"); anything else is an APDU. Debian's vsmartcard-vpcd does the same.
"""

from __future__ import annotations

import logging
import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Protocol

from varmentaja.card.driver import CardRemoved

_POWER_OFF, _POWER_ON, _RESET, _ATR = b"\x00", b"\x01", b"\x02", b"\x04"
_ANSWER_SECONDS = 60.0
"""Longest wait for a card: making an RSA key may take a while."""
_LINK_SECONDS = 5.0
NO_DIAGNOSIS = b"\x6f\x00"
"""ISO/IEC 7816-4: no precise diagnosis."""
_QUICKACK: int | None = getattr(socket, "TCP_QUICKACK", None)
"""Linux alone has it."""

log = logging.getLogger(__name__)


class Card(Protocol):
    """A card that can be plugged in; VirtualCard is one."""

    @property
    def atr(self) -> bytes: ...

    def reset(self) -> None: ...

    def transmit(self, apdu: bytes) -> bytes: ...


def plug(host: str, port: int) -> socket.socket:
    """Connect to a reader's slot; OSError if nobody listens."""
    connection = socket.create_connection((host, port), timeout=_LINK_SECONDS)
    connection.settimeout(None)
    _hurry(connection)
    return connection


def serve_card(connection: socket.socket, card: Card) -> None:
    """Be the card on this connection until it is closed from either end."""
    card.reset()
    with connection, suppress(OSError):
        while (payload := _receive(connection)) is not None:
            if payload == _ATR:
                _send(connection, card.atr)
            elif payload in (_POWER_OFF, _POWER_ON, _RESET):
                card.reset()
            else:
                _send(connection, answer(card, payload))


def answer(card: Card, apdu: bytes) -> bytes:
    """What a card answers. A fault in its program ends no thread, for a reader waits for the answer: the card
    says that it can say no more, and starts anew."""
    try:
        return card.transmit(apdu)
    except Exception:
        log.exception("a card's program failed")
        card.reset()
        return NO_DIAGNOSIS


class CardSlot:
    """One slot of our reader: listens for one card at a time."""

    def __init__(self, host: str = "127.0.0.1", port: int = 0) -> None:
        self._listener = socket.create_server((host, port), backlog=1)

    @property
    def port(self) -> int:
        """Where a card connects to."""
        number: int = self._listener.getsockname()[1]
        return number

    def wait_for_card(self, timeout: float) -> SlotTransport:
        """The card that has connected; CardRemoved when none did within ``timeout`` seconds."""
        self._listener.settimeout(timeout)
        try:
            connection, _ = self._listener.accept()
        except OSError as error:
            raise CardRemoved() from error
        return SlotTransport(connection)

    def close(self) -> None:
        """Stop listening; a card that is in stays in."""
        self._listener.close()


class SlotTransport:
    """Implements Transport for a card in a CardSlot."""

    def __init__(self, connection: socket.socket) -> None:
        connection.settimeout(_ANSWER_SECONDS)
        _hurry(connection)
        self._connection = connection
        self._lock = threading.RLock()
        self._gone = False
        with self._lock:
            self._do(_POWER_ON)
            self._atr = self._ask(_ATR)

    @property
    def atr(self) -> bytes:
        return self._atr

    @property
    def is_present(self) -> bool:
        """False once the card has been pulled; asks the wire, not the card, and never waits for it."""
        if self._gone or not self._lock.acquire(blocking=False):
            return not self._gone
        try:
            # Between commands a card says nothing: whatever can be read is the end of the connection.
            readable = select.select([self._connection], [], [], 0)[0]
            if readable:
                self._leave()
        except (OSError, ValueError):
            self._leave()
        finally:
            self._lock.release()
        return not self._gone

    def transmit(self, apdu: bytes) -> bytes:
        with self._lock:
            return self._ask(apdu)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._lock:
            yield

    def reset(self) -> None:
        with self._lock:
            self._do(_RESET)

    def close(self) -> None:
        with suppress(OSError):
            self._connection.shutdown(socket.SHUT_RDWR)
        self._leave()

    def _ask(self, payload: bytes) -> bytes:
        self._do(payload)
        try:
            answer = _receive(self._connection)
        except OSError:
            answer = None
        if not answer:
            self._leave()
            raise CardRemoved()
        return answer

    def _do(self, payload: bytes) -> None:
        try:
            _send(self._connection, payload)
        except OSError as error:
            self._leave()
            raise CardRemoved() from error

    def _leave(self) -> None:
        self._gone = True
        self._connection.close()


def _hurry(connection: socket.socket) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def _send(connection: socket.socket, payload: bytes) -> None:
    connection.sendall(len(payload).to_bytes(2) + payload)


def _receive(connection: socket.socket) -> bytes | None:
    """One frame's payload, or None at the end of the connection."""
    header = _exactly(connection, 2)
    return None if header is None else _exactly(connection, int.from_bytes(header))


def _exactly(connection: socket.socket, size: int) -> bytes | None:
    data = b""
    while len(data) < size:
        if _QUICKACK is not None:
            # Linux forgets it again; without it vpcd's two writes a frame cost 40 ms an APDU (delayed ACK).
            connection.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)
        part = connection.recv(size - len(data))
        if not part:
            return None
        data += part
    return data
