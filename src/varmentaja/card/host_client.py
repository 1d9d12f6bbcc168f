# SPDX-License-Identifier: EUPL-1.2
"""How other processes ask the card host."""

from __future__ import annotations

import base64
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from varmentaja.card.card_list import ListedCard
from varmentaja.card.driver import CardRemoved
from varmentaja.domain.errors import DomainError, Kind, Message, unavailable

_SECONDS = 60.0


class CardHostClient:
    """Asks the card host at a socket. Raises its DomainErrors, or UNAVAILABLE if it does not answer."""

    def __init__(self, socket_path: Path) -> None:
        self._socket_path = socket_path

    def list(self) -> list[ListedCard]:
        """All cards."""
        return [ListedCard(**fields) for fields in self._ask("list")]

    def create(self, serial: str, issuer_key: bytes, generation: str) -> None:
        """A blank chip of a generation, with its (diversified) issuer key."""
        self._ask("create", serial=serial, issuer_key=issuer_key.hex(), generation=generation)

    def insert(self, serial: str, port: int, host: str = "127.0.0.1") -> None:
        """Put a card into the reader that listens there."""
        self._ask("insert", serial=serial, host=host, port=port)

    def pull(self, serial: str) -> None:
        """Take a card out of wherever it is."""
        self._ask("pull", serial=serial)

    def put_picture(self, serial: str, suffix: str, content: bytes) -> Path:
        """Lay the picture of its face (``.svg``, ``.png`` or ``.pdf``) beside a card; returns its path."""
        text = base64.b64encode(content).decode()
        return Path(self._ask("put_picture", serial=serial, suffix=suffix, content=text))

    def discard(self, serial: str, reason: str) -> None:
        """Destroy a card; a note with the reason stays."""
        self._ask("discard", serial=serial, reason=reason)

    def connect(self, serial: str) -> HostTransport:
        """Take a card in hand, out of every reader, until the transport is closed or this process ends."""
        return HostTransport(_Line(self._socket_path), serial)

    def _ask(self, command: str, **fields: Any) -> Any:
        line = _Line(self._socket_path)
        try:
            return line.ask(command, **fields)
        finally:
            line.close()


class HostTransport:
    """Implements Transport over the card host's socket: APDUs only, as in any reader."""

    def __init__(self, line: _Line, serial: str) -> None:
        self._line = line
        self._serial = serial
        self._lock = threading.RLock()
        try:
            self._atr = bytes.fromhex(line.ask("connect", serial=serial))
        except DomainError:
            line.close()
            raise

    @property
    def atr(self) -> bytes:
        return self._atr

    def transmit(self, apdu: bytes) -> bytes:
        with self._lock:
            try:
                return bytes.fromhex(self._line.ask("transmit", serial=self._serial, apdu=apdu.hex()))
            except DomainError as error:
                # A host that went away took the card with it.
                raise CardRemoved() from error

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._lock:
            yield

    def reset(self) -> None:
        with self._lock:
            try:
                self._line.ask("reset", serial=self._serial)
            except DomainError as error:
                raise CardRemoved() from error

    def close(self) -> None:
        # Asked for, not left to the hanging up, so that the card is free when this returns.
        with suppress(DomainError):
            self._line.ask("release", serial=self._serial)
        self._line.close()


class _Line:
    """One connection to the host."""

    def __init__(self, socket_path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(_SECONDS)
        try:
            self._socket.connect(str(socket_path))
        except OSError as error:
            self._socket.close()
            raise _silent() from error
        self._file = self._socket.makefile("rb")

    def ask(self, command: str, **fields: Any) -> Any:
        try:
            self._socket.sendall(json.dumps({"command": command, **fields}).encode() + b"\n")
            answer = json.loads(self._file.readline())
        except (OSError, ValueError) as error:
            raise _silent() from error
        if "error" not in answer:
            return answer["result"]
        if answer["removed"]:
            raise CardRemoved()
        raise DomainError(Kind(answer["error"]), Message(answer["text"], answer["values"]))

    def close(self) -> None:
        with suppress(OSError):
            self._file.close()
            self._socket.close()


def _silent() -> DomainError:
    return unavailable("The card host does not answer.")
