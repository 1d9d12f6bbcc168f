# SPDX-License-Identifier: EUPL-1.2
"""A small HTTP server for this machine only: one thread a connection, one request a connection.

An *app* is a function from Request to Response, so that it can be tested without sockets. Requests whose Host
header is not this server's own name are answered 421 before any app sees them: a website that points its own
name at 127.0.0.1 (DNS rebinding) gets nothing.
"""

from __future__ import annotations

import json
import logging
import select
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import urlsplit

from varmentaja.domain.errors import Kind, unavailable

log = logging.getLogger(__name__)

ADDRESS = "127.0.0.1"
_HOST_NAMES = (ADDRESS, "localhost")
_DRAIN_LIMIT = 32 * 1024 * 1024
"""An oversized body is read and thrown away up to here, so that the client gets to read our answer."""


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

    def __init__(self, app: App, *, ports: Sequence[int], max_body: int = 64 * 1024) -> None:
        """Listen on the first free one of ``ports`` (0: any); raises unavailable when none is free."""
        self._server = _listen(ports)
        self._server.app = app
        self._server.max_body = max_body
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.1,), daemon=True)

    @property
    def port(self) -> int:
        """The port that was free."""
        return int(self._server.server_address[1])

    @property
    def url(self) -> str:
        """The server's origin, without a slash at the end."""
        return f"http://{ADDRESS}:{self.port}"

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

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away in the middle is no news; anything else is logged without its data."""
        log.debug("connection ended early", exc_info=True)


def _listen(ports: Sequence[int]) -> _Server:
    for port in ports:
        try:
            return _Server((ADDRESS, port), _Handler)
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
        url = urlsplit(self.path)
        request = Request(
            method=self.command,
            path=url.path,
            query=url.query,
            headers=headers,
            body=self._body(int(length), server.max_body),
            port=port,
            is_gone=self._is_gone,
        )
        try:
            return server.app(request)
        except Exception:
            # The last line of defence: the program goes on, the caller learns nothing of the inside.
            log.exception("fault while answering %s %s", self.command, url.path)
            return Response(500, b"The program met a fault of its own.\n")

    def _body(self, length: int, limit: int) -> bytes | None:
        if length <= limit:
            return self.rfile.read(length)
        remaining = min(length, _DRAIN_LIMIT)
        while remaining > 0:
            chunk = self.rfile.read(min(remaining, 65536))
            if not chunk:
                break
            remaining -= len(chunk)
        return None

    def _is_gone(self) -> bool:
        """Nothing more is expected from the client: readable means closed."""
        readable, _, _ = select.select([self.connection], [], [], 0)
        if not readable:
            return False
        try:
            return not self.connection.recv(1, socket.MSG_PEEK)
        except OSError:
            return True

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
