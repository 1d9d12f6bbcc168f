# SPDX-License-Identifier: EUPL-1.2
"""A small HTTP and HTTPS server for this machine only: one thread a connection, one request a connection.

An *app* is a function from Request to Response, so that it can be tested without sockets. Requests whose Host
header is not this server's own name are answered 421 before any app sees them: a website that points its own
name at 127.0.0.1 (DNS rebinding) gets nothing. Whatever a page sends, threads and memory stay bounded: over
MOST_CONNECTIONS a connection is turned away, and the bodies being read or handled share ROOM_FOR_BODIES.
"""

from __future__ import annotations

import json
import logging
import select
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import urlsplit

from varmentaja.domain.errors import Kind, unavailable
from varmentaja.reader.faults import as_told

log = logging.getLogger(__name__)

ADDRESS = "127.0.0.1"
_HOST_NAMES = (ADDRESS, "localhost")
_LONGEST_LENGTH = 12
"""Digits of a Content-Length that is believed."""
_DRAIN_LIMIT = 32 * 1024 * 1024
"""An oversized body is read and thrown away up to here, so that the client gets to read our answer."""

MOST_CONNECTIONS = 256
ROOM_FOR_BODIES = 24 * 1024 * 1024
"""Octets of all request bodies together."""
_PATIENCE = 10.0
"""Seconds that a request waits for room."""

HTTP_STATUS = {
    Kind.INVALID: 422,
    Kind.NOT_FOUND: 404,
    Kind.NOT_ALLOWED: 403,
    Kind.CONFLICT: 409,
    Kind.UNAVAILABLE: 503,
}
"""How the kinds of refusal are told over HTTP."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request; header names are lower case. ``body`` is None when it was over the server's limit."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = field(default=b"", repr=False)
    port: int = 0
    """Port of the server that was asked."""
    is_gone: Callable[[], bool] = field(default=lambda: False, repr=False)
    """Whether the client has closed the connection."""


@dataclass(frozen=True, slots=True)
class Response:
    """What is sent back; Content-Length is added, caches are told to keep nothing unless ``headers`` say."""

    status: int = 200
    body: bytes = field(default=b"", repr=False)
    content_type: str = "text/plain; charset=utf-8"
    headers: tuple[tuple[str, str], ...] = ()


App = Callable[[Request], Response]


def json_response(data: object, status: int = 200, headers: tuple[tuple[str, str], ...] = ()) -> Response:
    """A JSON answer."""
    return Response(status, json.dumps(data).encode(), "application/json", headers)


class LocalServer:
    """An app on 127.0.0.1; ``start`` serves in the background, ``close`` ends it."""

    def __init__(
        self,
        app: App,
        *,
        ports: Sequence[int],
        max_body: int = 64 * 1024,
        tls: Callable[[], ssl.SSLContext] | None = None,
    ) -> None:
        """Listen on the first free one of ``ports`` (0: any); raises unavailable when none is free.

        ``tls`` is asked for each connection, so that a certificate can be renewed; None serves plain HTTP.
        """
        self._server = _listen(ports)
        self._server.app = app
        self._server.max_body = max_body
        self._server.tls = tls
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)

    @property
    def port(self) -> int:
        """The port that was free."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """The server's origin, without a slash at the end."""
        return f"{'https' if self._server.tls else 'http'}://{ADDRESS}:{self.port}"

    def start(self) -> None:
        """Serve from a thread of its own."""
        self._thread.start()

    def close(self) -> None:
        """Stop listening; requests that are being answered end with the process."""
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 2048
    app: App
    max_body: int
    tls: Callable[[], ssl.SSLContext] | None

    def __init__(self, address: tuple[str, int]) -> None:
        super().__init__(address, _Handler)
        self.connections = threading.BoundedSemaphore(MOST_CONNECTIONS)
        self.bodies = _Room(ROOM_FOR_BODIES)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Give the connection a thread, or turn it away when there are too many."""
        if not self.connections.acquire(timeout=_PATIENCE / 10):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except Exception:
            self.connections.release()
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer, and make room for the next."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            self.connections.release()

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Answer one connection; the handshake is done here, in the connection's own thread."""
        if self.tls is None:
            super().finish_request(request, client_address)
            return
        request.settimeout(_Handler.timeout)
        with self.tls().wrap_socket(request, server_side=True) as connection:
            super().finish_request(connection, client_address)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away in the middle is no news; anything else is logged without its data."""
        log.debug("connection ended early", exc_info=True)


class _Room:
    """A number of octets that requests share."""

    def __init__(self, octets: int) -> None:
        self._free = octets
        self._changed = threading.Condition()

    @contextmanager
    def taken(self, octets: int) -> Iterator[bool]:
        """Hold so much of it, after waiting for a while; False when there was no room."""
        deadline = time.monotonic() + _PATIENCE
        with self._changed:
            got = self._changed.wait_for(lambda: self._free >= octets, deadline - time.monotonic())
            self._free -= octets if got else 0
        try:
            yield got
        finally:
            with self._changed:
                self._free += octets if got else 0
                self._changed.notify_all()


def _listen(ports: Sequence[int]) -> _Server:
    for port in ports:
        try:
            return _Server((ADDRESS, port))
        except OSError:
            continue
    raise unavailable(
        "None of the ports %(ports)s is free on this machine. Is the program running already?",
        ports=", ".join(map(str, ports)),
    )


class _Handler(BaseHTTPRequestHandler):
    server_version = "Varmentaja"
    sys_version = ""
    timeout = 30

    def handle_one_request(self) -> None:
        """Read one request and answer it, whatever its method."""
        self.raw_requestline = self.rfile.readline(65537)
        if not self.raw_requestline or len(self.raw_requestline) > 65536 or not self.parse_request():
            self.close_connection = True
            return
        self.close_connection = True
        self._send(self._answer())

    def _answer(self) -> Response:
        server = cast(_Server, self.server)
        port = int(server.server_address[1])
        headers = {name.lower(): value for name, value in self.headers.items()}
        if headers.get("host", "").lower() not in _own_names(port):
            return Response(421, b"This server answers to its own name only.\n")
        length = headers.get("content-length", "0")
        if "transfer-encoding" in headers or not (length.isascii() and length.isdigit()):
            return Response(411, b"Send a Content-Length.\n")
        if len(length) > _LONGEST_LENGTH:
            return Response(413, b"That is far too much.\n")
        size = int(length)
        if size > server.max_body:
            self._drain(size)
            return self._ask(server.app, headers, None)
        with server.bodies.taken(size) as has_room:
            if not has_room:
                self._drain(size)
                return Response(503, b"Too many requests at once.\n", headers=(("Retry-After", "10"),))
            body = self.rfile.read(size)
            if len(body) < size:
                return Response(400, b"The request ended too early.\n")
            return self._ask(server.app, headers, body)

    def _ask(self, app: App, headers: Mapping[str, str], body: bytes | None) -> Response:
        try:
            url = urlsplit(self.path)
        except ValueError:
            return Response(400, b"The address cannot be read.\n")
        port = int(cast(_Server, self.server).server_address[1])
        request = Request(self.command, url.path, url.query, headers, body, port, self._is_gone)
        try:
            return app(request)
        except Exception as error:
            # The last line of defence: the program goes on, the caller learns nothing of the inside.
            as_told(error)
            return Response(500, b"The program met a fault of its own.\n")

    def _drain(self, size: int) -> None:
        """Read what is thrown away, so that the client gets to read the answer."""
        remaining = min(size, _DRAIN_LIMIT)
        while remaining > 0:
            chunk = self.rfile.read(min(remaining, 65536))
            if not chunk:
                break
            remaining -= len(chunk)

    def _is_gone(self) -> bool:
        """Nothing more is expected from the client: readable means closed."""
        readable, _, _ = select.select([self.connection], [], [], 0)
        if not readable:
            return False
        try:
            if isinstance(self.connection, ssl.SSLSocket):
                return self._is_closed(self.connection)
            return not self.connection.recv(1, socket.MSG_PEEK)
        except OSError:
            return True

    @staticmethod
    def _is_closed(connection: ssl.SSLSocket) -> bool:
        """TLS cannot peek, and has records without data; what is sent after the request is lost."""
        connection.settimeout(0)
        try:
            return not connection.recv(1)
        except ssl.SSLWantReadError:
            return False
        finally:
            connection.settimeout(_Handler.timeout)

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        names = {name.lower() for name, _ in response.headers}
        if response.body:
            self.send_header("Content-Type", response.content_type)
        self.send_header("Content-Length", str(len(response.body)))
        self.send_header("X-Content-Type-Options", "nosniff")
        if "cache-control" not in names:
            self.send_header("Cache-Control", "no-store")
        for name, value in response.headers:
            self.send_header(name, value)
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(response.body)

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not logged: what a person signs where is nobody else's business."""


def _own_names(port: int) -> frozenset[str]:
    return frozenset(f"{name}:{port}" for name in _HOST_NAMES)
