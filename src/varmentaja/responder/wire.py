# SPDX-License-Identifier: EUPL-1.2
"""HTTP/1.1 on the wire (RFC 9112): from octets to a WSGI environment, and from an answer's head to octets.

Strict wherever two readers could see two different requests in the same octets: one Content-Length at the
most, no Transfer-Encoding (411: a question has some hundred octets, whose length every client knows), no bare
line feeds, no folded fields.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from io import BytesIO
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import unquote_to_bytes

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

HEAD_LIMIT = 16 * 1024
"""Octets of the request line with all fields."""
BODY_LIMIT = 16 * 1024

_TOKEN = rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_LINE = re.compile(rb"(" + _TOKEN + rb") ([!-~]+) HTTP/([0-9])\.([0-9])\r\n")
_NAME = re.compile(_TOKEN)
_ORIGIN = re.compile(rb"[A-Za-z][A-Za-z0-9+.-]*://[^/?]*")
_ONLY_ONCE = ("CONTENT_LENGTH", "HTTP_HOST")
_EMPTY = BytesIO()


Answered = tuple[bytes, bool, int]
"""The octets of a whole answer, whether the connection stays, and where it is counted (counters.py)."""
Shortcut = Callable[[bytes], Answered | None]
"""From what has been received to the answer, if that is one whole request of a usual kind; else None."""


class Refusal(Exception):
    """Turned away with this HTTP status, and the connection closed: where the request ends is unsure."""

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


class Request(NamedTuple):
    """A whole request."""

    environ: WSGIEnvironment
    size: int
    """Octets that it took of those given."""
    keep_alive: bool


def read_request(data: bytes) -> Request | None:
    """The first request in ``data``; None while it is not all there. Raises Refusal."""
    end = data.find(b"\r\n\r\n", 0, HEAD_LIMIT)
    if end < 0:
        if len(data) < HEAD_LIMIT:
            return None
        raise Refusal("431 Request Header Fields Too Large" if b"\r\n" in data else "414 URI Too Long")
    line = _LINE.match(data)
    if line is None:
        raise Refusal("400 Bad Request")
    method, target, major, minor = line.groups()
    if major != b"1":
        raise Refusal("505 HTTP Version Not Supported")
    fields = read_fields(data[line.end() : end + 2])
    size = end + 4 + body_length(fields)
    if len(data) < size:
        return None
    path, query = _target(target)
    environ: WSGIEnvironment = {
        **fields,
        "REQUEST_METHOD": method.decode(),
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "SERVER_PROTOCOL": "HTTP/1.0" if minor == b"0" else "HTTP/1.1",
        "wsgi.input": BytesIO(data[end + 4 : size]) if size > end + 4 else _EMPTY,
    }
    return Request(environ, size, stays(minor, fields))


def stays(minor: bytes, fields: Mapping[str, str]) -> bool:
    """Whether the connection stays open after the answer, by the version HTTP/1.``minor``. Raises Refusal."""
    wish = fields.get("HTTP_CONNECTION", "").lower()
    if minor == b"0":
        return "keep-alive" in wish
    if "HTTP_HOST" not in fields:
        raise Refusal("400 Bad Request")
    return "close" not in wish


def awaits_permission(data: bytes) -> bool:
    """Whether a client has sent the head alone and waits for ``100 Continue`` before it sends the body."""
    head, end, body = data.partition(b"\r\n\r\n")
    return bool(end) and not body and b"100-continue" in head.lower()


def write_head(status: str, fields: Iterable[tuple[str, str]]) -> bytes:
    """The head of an answer."""
    lines = "".join([f"{name}: {value}\r\n" for name, value in fields])
    return f"HTTP/1.1 {status}\r\n{lines}\r\n".encode("latin-1")


def undo_usual_escapes(path: bytes) -> bytes:
    """Undo those of base64, in a fifth of the time. None of them is a digit, which could complete another."""
    if b"%" not in path:
        return path
    return path.replace(b"%2F", b"/").replace(b"%2B", b"+").replace(b"%3D", b"=")


def _target(target: bytes) -> tuple[str, str]:
    """Path and query."""
    if target[:1] != b"/":  # as a proxy is asked (RFC 9112 §3.2.2), or "*"
        target = _ORIGIN.sub(b"", target, count=1)
    path, _, query = target.partition(b"?")
    path = undo_usual_escapes(path)
    if b"%" in path:
        path = unquote_to_bytes(path)
    return path.decode("latin-1"), query.decode()


@lru_cache(maxsize=256)
def read_fields(head: bytes) -> dict[str, str]:
    """The fields under CGI's names, to be read only. A client sends the same ones again and again."""
    rows = head.split(b"\r\n")[:-1]
    if not head.count(b"\r") == head.count(b"\n") == len(rows) or b"\0" in head:
        raise Refusal("400 Bad Request")
    fields: dict[str, str] = {}
    for row in rows:
        name, colon, value = row.partition(b":")
        if not colon or not _NAME.fullmatch(name):
            raise Refusal("400 Bad Request")
        if b"_" in name:  # under CGI's names it would be taken for another; nobody here reads such a field
            continue
        key = name.decode().upper().replace("-", "_")
        key = key if key in ("CONTENT_LENGTH", "CONTENT_TYPE") else f"HTTP_{key}"
        text = value.strip(b" \t").decode("latin-1")
        if key in fields:
            if key in _ONLY_ONCE:
                raise Refusal("400 Bad Request")
            text = f"{fields[key]}, {text}"
        fields[key] = text
    return fields


def body_length(fields: Mapping[str, str]) -> int:
    """Octets of the body, as the fields say. Raises Refusal."""
    if "HTTP_TRANSFER_ENCODING" in fields:
        raise Refusal("411 Length Required")
    text = fields.get("CONTENT_LENGTH")
    if text is None:
        return 0
    if not (text.isascii() and text.isdecimal()):
        raise Refusal("400 Bad Request")
    if len(text) > 9 or int(text) > BODY_LIMIT:
        raise Refusal("413 Content Too Large")
    return int(text)
