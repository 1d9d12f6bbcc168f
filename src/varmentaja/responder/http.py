# SPDX-License-Identifier: EUPL-1.2
"""HTTP of the responder: dates, caching headers, conditional requests (RFC 9110, RFC 9111, RFC 5019 §6)."""

from __future__ import annotations

import hashlib
import mmap
from collections.abc import Iterable, Iterator
from email.utils import formatdate, parsedate_to_datetime
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

MAX_AGE = 60
"""Seconds a cache may keep an answer: a revocation is seen behind caches after this time at most."""
MAX_AGE_OF_REFUSAL = 10
"""The same for ``unauthorized``: the certificate may be published a moment later."""
OCSP_RESPONSE = "application/ocsp-response"
_CHUNK = 256 * 1024
_TEXT = "text/plain; charset=utf-8"


class Document(NamedTuple):
    """A signed document with its dates (Unix seconds)."""

    body: bytes | mmap.mmap
    media_type: str
    this_update: int
    next_update: int | None
    """None: it does not go stale (an authority's certificate)."""
    etag: str
    by_date: bool = False
    """Whether thisUpdate tells it from every earlier document at its address. Two that were signed within a
    second do not differ by it, and ``If-Modified-Since`` would keep the earlier one alive."""


class Mapped:
    """A body in a mapped file: pieces for any WSGI server; our own sends it as it lies, without a copy."""

    def __init__(self, content: mmap.mmap) -> None:
        self.content = content

    def __iter__(self) -> Iterator[bytes]:
        return (self.content[start : start + _CHUNK] for start in range(0, len(self.content), _CHUNK))


def cache_control(max_age: int) -> str:
    """Of a document that anybody may keep for so many seconds."""
    return f"public, no-transform, must-revalidate, max-age={max_age}"


def etag_of(body: bytes) -> str:
    """A strong validator for these bytes."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def send_document(
    environ: WSGIEnvironment, start_response: StartResponse, document: Document, now: float
) -> Iterable[bytes]:
    """Answer with a document, or 304 if the client has it. Stale documents are sent, and said to be stale.

    One that holds no whole minute more is sent anew: from a 304 some caches (nginx) take no shorter time than
    what they were told with the document.
    """
    body, media_type, this_update, next_update, etag, _ = document
    max_age, second = MAX_AGE, int(now)
    if next_update is not None:
        max_age = max(0, min(MAX_AGE, next_update - second))
    headers = [
        ("Cache-Control", cache_control(max_age)),
        ("Expires", http_date(second + max_age) if max_age else http_date(next_update or 0)),
        ("Last-Modified", http_date(this_update)),
        ("ETag", etag),
    ]
    method = environ["REQUEST_METHOD"]
    if method != "POST" and max_age == MAX_AGE and _is_unchanged(environ, document):
        start_response("304 Not Modified", headers)
        return []
    headers.append(("Content-Type", media_type))
    headers.append(("Content-Length", str(len(body))))
    start_response("200 OK", headers)
    if method == "HEAD":
        return []
    return [body] if isinstance(body, bytes) else Mapped(body)


def send_error(
    environ: WSGIEnvironment,
    start_response: StartResponse,
    status: str,
    extra: Iterable[tuple[str, str]] = (),
) -> Iterable[bytes]:
    """Answer with a plain-text error, for example ``404 Not Found``."""
    body = f"{status}\n".encode()
    headers = [("Content-Type", _TEXT), ("Content-Length", str(len(body))), ("Cache-Control", "no-store")]
    start_response(status, [*headers, *extra])
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def send_bytes(
    environ: WSGIEnvironment,
    start_response: StartResponse,
    body: bytes,
    media_type: str,
    cache_control: str,
    status: str = "200 OK",
) -> Iterable[bytes]:
    """Answer with bytes that have no dates of their own."""
    headers = [
        ("Content-Type", media_type),
        ("Content-Length", str(len(body))),
        ("Cache-Control", cache_control),
    ]
    start_response(status, headers)
    return [] if environ["REQUEST_METHOD"] == "HEAD" else [body]


def _is_unchanged(environ: WSGIEnvironment, document: Document) -> bool:
    """If-None-Match by weak comparison, or else If-Modified-Since (RFC 9110 §13.2.2).

    The date must be the document's own: a client that gives the time of its last visit may hold the list
    before, if this one was signed by then and came later.
    """
    tags = environ.get("HTTP_IF_NONE_MATCH")
    if tags is not None:
        return tags.strip() == "*" or document.etag in (
            tag.strip().removeprefix("W/") for tag in tags.split(",")
        )
    since = environ.get("HTTP_IF_MODIFIED_SINCE")
    if since is None or not document.by_date:
        return False
    try:
        return parsedate_to_datetime(since).timestamp() == document.this_update
    except (ValueError, OverflowError):
        return False


@lru_cache(maxsize=8192)
def http_date(seconds: int) -> str:
    """A moment (Unix seconds) as HTTP writes it."""
    return formatdate(seconds, usegmt=True)
