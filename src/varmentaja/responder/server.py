# SPDX-License-Identifier: EUPL-1.2
"""A WSGI server of one thread for short questions and ready answers: nobody who is slow holds up another.

The application is called with whole requests alone, so it never waits for a client; whoever asks or reads too
slowly is let go. Why not a server off the shelf: docs/decisions/0057-a-server-of-its-own.md.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Iterable
from contextlib import suppress
from enum import Enum, auto
from select import EPOLLEXCLUSIVE, EPOLLIN, EPOLLOUT, epoll
from typing import TYPE_CHECKING

import structlog

from varmentaja.responder.counters import Counter
from varmentaja.responder.http import Mapped, http_date
from varmentaja.responder.wire import Refusal, Request, Shortcut, awaits_permission, read_request, write_head

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

ASKING_SECONDS = 10.0
"""For a whole request, however it trickles in; and from the opening of a connection to its first."""
IDLE_SECONDS = 75.0
"""Between requests: longer than nginx keeps its connections (60), so that nginx ends them and never we."""
CROWDED_SECONDS = 2.0
"""The same for both while more than three quarters of the connections are taken."""
ANSWERING_SECONDS, SLOWEST = 30.0, 8 * 1024
"""For an answer; each time so many octets are taken, a second of these is given back."""
LEAVING_SECONDS = 2.0
"""For a client that was turned away to read why."""
_STOPPING_SECONDS = 5.0

_RECEIVE, _SEND = 16 * 1024, 256 * 1024
_SEND_BUFFER = 128 * 1024
"""What the system holds for a connection, or thousands of slow readers would fill the memory."""
_ACCEPT = 16
"""Connections taken at a time, so that other processes get some."""

_log = structlog.get_logger("responder")


class Phase(Enum):
    """What a connection is about."""

    IDLE = auto()
    ASKING = auto()
    ANSWERING = auto()
    """It takes an answer, and is not read from meanwhile."""
    LEAVING = auto()
    """It has had its last answer; what it still says is not heard."""


_IDLE, _ANSWERING, _LEAVING = Phase.IDLE, Phase.ANSWERING, Phase.LEAVING  # found in a fifth of the time


class Connection:
    """One client."""

    __slots__ = ("incoming", "keep_alive", "outgoing", "patience", "phase", "since", "socket", "watched")

    def __init__(self, client: socket.socket, now: float) -> None:
        self.socket = client
        self.incoming = b""
        self.outgoing: list[memoryview] = []
        self.keep_alive = True
        self.watched = False
        """Whether the system tells when there is something to do: after the first try."""
        self.enter(_IDLE, now, ASKING_SECONDS)

    def enter(self, phase: Phase, now: float, patience: float) -> None:
        """From ``now`` (monotonic) on it has so many seconds for this phase."""
        self.phase, self.since, self.patience = phase, now, patience


class Server:
    """Serves one application on a listening socket, which other processes may share."""

    def __init__(
        self,
        listener: socket.socket,
        application: WSGIApplication,
        most: int,
        counter: Counter,
        shortcut: Shortcut = lambda _: None,
    ) -> None:
        """``most``: connections at the same time. What the shortcut answers, the application is not asked."""
        listener.setblocking(False)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER)  # accepted ones inherit both
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._listener = listener
        self._application = application
        self._shortcut = shortcut
        self._most = most
        self._counter = counter
        self._connections: dict[int, Connection] = {}
        self._epoll = epoll()
        self._accepting = False
        self._stopping = False
        self._now, self._date = time.monotonic(), ""
        self._status, self._fields = "", list[tuple[str, str]]()

    def stop(self) -> None:
        """End ``run`` once the answers that are under way are sent; for a signal handler."""
        self._stopping = True

    def run(self) -> None:
        """Serve until stopped."""
        self._accept_more()
        swept = self._now
        while not self._stopping:
            self._turn()
            if self._now - swept >= 1:
                self._sweep()
                swept = self._now
        self._finish()

    def _turn(self) -> None:
        events = self._epoll.poll(0.5)
        self._now, self._date = time.monotonic(), http_date(int(time.time()))
        connections, listener = self._connections, self._listener.fileno()
        for descriptor, _ in events:
            if descriptor == listener:
                self._accept()
            elif connection := connections.get(descriptor):
                try:
                    if connection.phase is _ANSWERING:
                        self._send_more(connection)
                    else:
                        self._receive(connection)
                except BlockingIOError:
                    continue
                except OSError:
                    self._drop(connection)

    def _sweep(self) -> None:
        """Let go of those whose time is over."""
        self._counter.connections = len(self._connections)
        crowded = len(self._connections) > self._most * 3 // 4
        for connection in list(self._connections.values()):
            phase, patience = connection.phase, connection.patience
            if crowded and phase is _IDLE:
                patience = CROWDED_SECONDS
            if self._now - connection.since > patience:
                self._let_go(connection)
        self._accept_more()

    def _let_go(self, connection: Connection) -> None:
        if connection.phase is Phase.ASKING:
            with suppress(OSError):
                self._refuse(connection, "408 Request Timeout")
                return
        self._drop(connection)

    def _finish(self) -> None:
        self._accept_no_more()
        end = self._now + _STOPPING_SECONDS
        while self._connections and self._now < end:
            for connection in list(self._connections.values()):
                if connection.phase is not _ANSWERING:
                    self._drop(connection)
            self._turn()

    def _accept(self) -> None:
        for _ in range(_ACCEPT):
            if len(self._connections) >= self._most:
                self._accept_no_more()
                return
            try:
                client, _ = self._listener.accept()
                client.setblocking(False)
            except BlockingIOError:
                return
            except ConnectionError:
                continue
            except OSError as error:  # the system has no more to give: the next sweep tries again
                _log.error("connections_wait", problem=error.strerror)
                self._accept_no_more()
                return
            self._welcome(client)

    def _welcome(self, client: socket.socket) -> None:
        """The question is nearly always there already, and often the only one: then nothing is watched."""
        connection = Connection(client, self._now)
        self._connections[client.fileno()] = connection
        try:
            with suppress(BlockingIOError):
                self._receive(connection)
            if client.fileno() >= 0:
                answering = connection.phase is _ANSWERING
                self._epoll.register(client, EPOLLOUT if answering else EPOLLIN)
                connection.watched = True
        except OSError:
            self._drop(connection)

    def _watch(self, connection: Connection, events: int) -> None:
        if connection.watched:
            self._epoll.modify(connection.socket, events)

    def _accept_more(self) -> None:
        if not self._accepting:
            self._epoll.register(self._listener, EPOLLIN | EPOLLEXCLUSIVE)
            self._accepting = True

    def _accept_no_more(self) -> None:
        if self._accepting:
            self._epoll.unregister(self._listener)
            self._accepting = False

    def _receive(self, connection: Connection) -> None:
        data = connection.socket.recv(_RECEIVE)
        if not data:
            self._drop(connection)
        elif connection.phase is not _LEAVING:
            connection.incoming = connection.incoming + data if connection.incoming else data
            self._serve(connection)

    def _serve(self, connection: Connection) -> None:
        """Answer what has come in whole, one after the other."""
        while connection.incoming and connection.phase in (_IDLE, Phase.ASKING):
            if self._serve_shortly(connection):
                return
            try:
                request = read_request(connection.incoming)
            except Refusal as refusal:
                self._refuse(connection, refusal.status)
                return
            if request is None:
                self._wait_for_the_rest(connection)
                return
            connection.incoming = connection.incoming[request.size :]
            self._answer(connection, request)

    def _serve_shortly(self, connection: Connection) -> bool:
        """Answer what is one usual question, and nothing else."""
        if self._stopping:
            return False
        begun = time.perf_counter()
        try:
            short = self._shortcut(connection.incoming)
        except Exception:  # the long way may know better, or says 500
            _log.exception("shortcut_failed")
            return False
        if short is None:
            return False
        answer, connection.keep_alive, place = short
        connection.incoming = b""
        self._send(connection, answer)
        self._counter.count_at(place, time.perf_counter() - begun)
        return True

    def _wait_for_the_rest(self, connection: Connection) -> None:
        if connection.phase is _IDLE:
            connection.enter(Phase.ASKING, self._now, ASKING_SECONDS)
        if awaits_permission(connection.incoming):  # once: what comes next is of the body
            connection.socket.send(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _answer(self, connection: Connection, request: Request) -> None:
        begun = time.perf_counter()
        try:
            body = self._application(request.environ, self._start_response)  # type: ignore[arg-type]  # gives no write(), which PEP 3333 keeps for old programs
        except Exception:
            _log.exception("request_failed")
            self._refuse(connection, "500 Internal Server Error")
            return
        fields = [("Date", self._date), *self._fields]
        connection.keep_alive = request.keep_alive and not self._stopping
        if not connection.keep_alive:
            fields.append(("Connection", "close"))
        elif request.environ["SERVER_PROTOCOL"] == "HTTP/1.0":  # wants to be told
            fields.append(("Connection", "keep-alive"))
        self._begin(connection, write_head(self._status, fields), body)
        self._counter.count(request.environ, self._status, time.perf_counter() - begun)

    def _start_response(self, status: str, fields: list[tuple[str, str]], _: object = None) -> None:
        self._status, self._fields = status, fields

    def _refuse(self, connection: Connection, status: str) -> None:
        """Turn away what is no request; where the next one would begin is unsure, so this was the last."""
        body = f"{status}\n".encode()
        fields = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
        fields += [("Cache-Control", "no-store"), ("Date", self._date), ("Connection", "close")]
        connection.keep_alive, connection.incoming = False, b"?"
        self._begin(connection, write_head(status, fields), [body])
        self._counter.count({}, status, 0.0)

    def _begin(self, connection: Connection, head: bytes, body: Iterable[bytes]) -> None:
        """Send what is taken at once: nearly always all."""
        if isinstance(body, Mapped):
            connection.outgoing = [memoryview(head), memoryview(body.content)]
            self._wait_until_taken(connection)
            return
        self._send(connection, head + b"".join(body))

    def _send(self, connection: Connection, whole: bytes) -> None:
        try:
            sent = connection.socket.send(whole)
        except BlockingIOError:
            sent = 0
        if sent == len(whole):
            self._end(connection)
        else:
            connection.outgoing = [memoryview(whole)[sent:]]
            self._wait_until_taken(connection)

    def _wait_until_taken(self, connection: Connection) -> None:
        connection.enter(_ANSWERING, self._now, ANSWERING_SECONDS)
        self._watch(connection, EPOLLOUT)

    def _send_more(self, connection: Connection) -> None:
        outgoing = connection.outgoing
        sent = connection.socket.send(outgoing[0][:_SEND], socket.MSG_MORE if outgoing[1:] else 0)
        left = connection.patience - (self._now - connection.since) + sent / SLOWEST
        connection.enter(_ANSWERING, self._now, min(left, ANSWERING_SECONDS))
        outgoing[0] = outgoing[0][sent:]
        if not outgoing[0]:
            del outgoing[0]
        if not outgoing:
            self._watch(connection, EPOLLIN)
            self._end(connection)
            self._serve(connection)

    def _end(self, connection: Connection) -> None:
        """An answer is sent."""
        if connection.keep_alive:
            connection.enter(_IDLE, self._now, IDLE_SECONDS)
        elif connection.incoming:  # closed with something unread, the system would take the answer back
            connection.enter(_LEAVING, self._now, LEAVING_SECONDS)
            connection.socket.shutdown(socket.SHUT_WR)
        else:
            self._drop(connection)

    def _drop(self, connection: Connection) -> None:
        self._connections.pop(connection.socket.fileno(), None)
        connection.socket.close()
