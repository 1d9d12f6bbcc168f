# SPDX-License-Identifier: EUPL-1.2
"""The card host: the one process that owns the virtual cards and puts them into readers.

It is asked over a Unix socket, one JSON object a line each way (see host_client.py for the client):
``{"command": "insert", "serial": "…", "host": "127.0.0.1", "port": 15483}`` is answered by
``{"result": …}`` or ``{"error": kind, "text": message id, "values": {…}}``. It may be killed at any time:
a card's file is whole after every command, and a host that is gone has pulled its cards.
"""

from __future__ import annotations

import base64
import json
import os
import socket
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from varmentaja.card import vpcd
from varmentaja.card.card_list import ListedCard, describe
from varmentaja.card.driver import CardRemoved
from varmentaja.card.virtual.card import VirtualCard
from varmentaja.card.virtual.state import blank
from varmentaja.card.virtual.store import CardStore
from varmentaja.domain.errors import DomainError, conflict, invalid, unavailable

MAX_LINE = 16 * 1024 * 1024
MACHINE = "machine"
"""Where a card is that a client holds by ``connect``, as the card factory does."""


@dataclass(slots=True)
class Insertion:
    """A card that is somewhere; ``connection`` and ``thread`` where it is in a reader."""

    serial: str
    where: str
    card: VirtualCard
    busy: threading.Lock = field(default_factory=threading.Lock)
    """Held during a command from a client."""
    connection: socket.socket | None = None
    thread: threading.Thread | None = None


class CardHost:
    """The drawer of cards. Every method may be called from any thread; errors are DomainError."""

    def __init__(self, store: CardStore, random: Callable[[int], bytes]) -> None:
        self._store = store
        self._random = random
        self._lock = threading.Lock()
        self._inserted: dict[str, Insertion] = {}

    def list(self) -> list[ListedCard]:
        """All cards, in the order of their serials."""
        return [
            describe(self._store.state(serial), self._where(serial), self._store.picture(serial))
            for serial in self._store.serials()
        ]

    def create(self, serial: str, issuer_key: str, generation: str) -> None:
        """A blank chip of a generation, with its issuer key (64 hex digits)."""
        try:
            state = blank(serial, bytes.fromhex(issuer_key), generation)
        except ValueError as error:
            raise invalid("A chip serial has 20 hexadecimal digits.") from error
        self._store.add(state)

    def insert(self, serial: str, host: str, port: int) -> None:
        """Put a card into the reader that listens there (vpcd or our own)."""
        with self._lock:
            insertion = self._take(serial, f"{host}:{port}")
        try:
            connection = vpcd.plug(host, port)  # takes seconds where nobody answers: nothing is locked
        except OSError as error:
            self._forget(insertion)
            raise unavailable("The reader does not answer.") from error
        with self._lock:
            if self._inserted.get(serial) is not insertion:
                connection.close()
                raise CardRemoved()  # pulled while it was on its way
            insertion.connection = connection
            insertion.thread = threading.Thread(
                target=self._be_card, args=(insertion,), name=f"card {serial}", daemon=True
            )
            insertion.thread.start()

    def connect(self, serial: str) -> Insertion:
        """Take a card in hand to send it commands by ``transmit``."""
        with self._lock:
            return self._take(serial, MACHINE)

    def transmit(self, insertion: Insertion, apdu: bytes) -> bytes:
        """One command to a card in hand; CardRemoved if it was pulled since."""
        with self._in_hand(insertion) as card:
            return vpcd.answer(card, apdu)

    def reset(self, insertion: Insertion) -> None:
        """Cut the power of a card in hand for a moment."""
        with self._in_hand(insertion) as card:
            card.reset()

    @contextmanager
    def _in_hand(self, insertion: Insertion) -> Iterator[VirtualCard]:
        with insertion.busy:
            if self._inserted.get(insertion.serial) is not insertion:
                raise CardRemoved()
            yield insertion.card

    def pull(self, serial: str) -> None:
        """Take a card out of wherever it is; nothing happens if it is nowhere."""
        with self._lock:
            insertion = self._inserted.get(serial)
        if insertion is not None:
            self.release(insertion)

    def release(self, insertion: Insertion) -> None:
        """End one insertion; a command under way is finished and stored first."""
        if insertion.thread is None:
            with insertion.busy:
                self._forget(insertion)
        # Asked anew: it may have come into its reader meanwhile. Once it is forgotten it can't any more.
        if insertion.connection is not None and insertion.thread is not None:
            with suppress(OSError):
                insertion.connection.shutdown(socket.SHUT_RDWR)
            insertion.thread.join()

    def put_picture(self, serial: str, suffix: str, content: bytes) -> Path:
        """Lay the picture of its face beside a card."""
        self._store.state(serial)
        return self._store.put_picture(serial, suffix, content)

    def discard(self, serial: str, reason: str) -> None:
        """Destroy a card; what stays is a note with the reason."""
        self.pull(serial)
        self._store.discard(serial, reason)

    def _take(self, serial: str, where: str) -> Insertion:
        if serial in self._inserted:
            raise conflict("The card is in another reader. Pull it out there first.")
        insertion = Insertion(serial, where, self._store.card(serial, self._random))
        self._inserted[serial] = insertion
        return insertion

    def _be_card(self, insertion: Insertion) -> None:
        assert insertion.connection is not None
        try:
            vpcd.serve_card(insertion.connection, insertion.card)
        finally:
            self._forget(insertion)

    def _forget(self, insertion: Insertion) -> None:
        with self._lock:
            if self._inserted.get(insertion.serial) is insertion:
                del self._inserted[insertion.serial]

    def _where(self, serial: str) -> str | None:
        insertion = self._inserted.get(serial)
        return insertion.where if insertion else None


class _Conversation(socketserver.StreamRequestHandler):
    """One client; the cards it took in hand go back into the drawer when it hangs up."""

    server: CardHostServer

    def handle(self) -> None:
        held: dict[str, Insertion] = {}
        try:
            while line := self.rfile.readline(MAX_LINE):
                self.wfile.write(json.dumps(self._answer(line, held)).encode() + b"\n")
        except (BrokenPipeError, ConnectionResetError):
            pass
        finally:
            for insertion in held.values():
                self.server.cards.release(insertion)

    def _answer(self, line: bytes, held: dict[str, Insertion]) -> dict[str, Any]:
        try:
            return {"result": self._do(json.loads(line), held)}
        except DomainError as error:
            removed = isinstance(error, CardRemoved)
            values = dict(error.message.values)
            return {"error": error.kind, "text": error.message.text, "values": values, "removed": removed}
        except (ValueError, TypeError, KeyError, AttributeError):
            refusal = invalid("The card host was asked something it does not understand.")
            return {"error": refusal.kind, "text": refusal.message.text, "values": {}, "removed": False}

    def _do(self, request: dict[str, Any], held: dict[str, Insertion]) -> Any:
        cards, serial = self.server.cards, str(request.get("serial", ""))
        match request["command"]:
            case "list":
                return [asdict(card) for card in cards.list()]
            case "create":
                return cards.create(serial, request["issuer_key"], request["generation"])
            case "insert":
                return cards.insert(serial, request["host"], request["port"])
            case "connect":
                held[serial] = cards.connect(serial)
                return held[serial].card.atr.hex()
            case "transmit":
                return cards.transmit(held[serial], bytes.fromhex(request["apdu"])).hex()
            case "reset":
                return cards.reset(held[serial])
            case "release":
                return cards.release(held.pop(serial))
            case "pull":
                return cards.pull(serial)
            case "put_picture":
                content = base64.b64decode(request["content"], validate=True)
                return str(cards.put_picture(serial, request["suffix"], content))
            case "discard":
                return cards.discard(serial, request["reason"])
        raise ValueError(request["command"])


class CardHostServer(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    """The card host on its socket (mode 0600)."""

    daemon_threads = True

    def __init__(self, folder: Path, socket_path: Path, random: Callable[[int], bytes]) -> None:
        self.store = CardStore(folder)
        self.cards = CardHost(self.store, random)
        # The folder's lock is ours, so a socket that lies there was left by a host that is gone.
        socket_path.unlink(missing_ok=True)
        socket_path.parent.mkdir(parents=True, exist_ok=True)
        before = os.umask(0o177)
        try:
            super().__init__(str(socket_path), _Conversation)
        finally:
            os.umask(before)

    def server_close(self) -> None:
        super().server_close()
        for card in self.cards.list():
            self.cards.pull(card.serial)
        self.store.close()


def serve(
    folder: Path,
    socket_path: Path,
    random: Callable[[int], bytes],
    ready: Callable[[], None] = lambda: None,
) -> None:
    """Run the card host until the process ends; ``ready`` is called once the socket is there."""
    with CardHostServer(folder, socket_path, random) as server:
        ready()
        server.serve_forever()
