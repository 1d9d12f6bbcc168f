# SPDX-License-Identifier: EUPL-1.2
"""Requests and responses over WSGI: the little that these pages need.

Whoever asks under another name than the site's own is turned away (DNS rebinding), and so is a form that
comes from another site: browsers send Origin with every POST.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from email.message import Message
from email.parser import BytesParser
from email.policy import HTTP
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

LARGEST_BODY = 6 * 1024 * 1024
COOKIE = "varmentaja_clinic"
"""A name of its own, because cookies do not tell ports apart."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request; ``form`` holds one value for each name, ``files`` what was uploaded."""

    method: str
    path: str
    session: str = ""
    language: str = ""
    """The Accept-Language header."""
    form: Mapping[str, str] = field(default_factory=dict, repr=False)
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Response:
    """What is sent back."""

    body: bytes = field(default=b"", repr=False)
    content_type: str = "text/html; charset=utf-8"
    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()


App = Callable[[Request], Response]


def redirect(path: str) -> Response:
    """Go on to another page (after a POST)."""
    return Response(status=303, headers=(("Location", path),))


def as_wsgi(app: App, origin: str, protection: tuple[tuple[str, str], ...]) -> WSGIApplication:
    """The app as a WSGI application for one origin; ``protection`` goes with every answer."""
    host = urlsplit(origin).netloc

    def application(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        response = _answer(app, environ, origin, host)
        headers = [
            ("Content-Type", response.content_type),
            ("Content-Length", str(len(response.body))),
            *protection,
            *response.headers,
        ]
        if "Cache-Control" not in dict(response.headers):
            headers.append(("Cache-Control", "no-store"))
        start(f"{response.status} {HTTPStatus(response.status).phrase}", headers)
        return [] if environ["REQUEST_METHOD"] == "HEAD" else [response.body]

    return application


def _answer(app: App, environ: WSGIEnvironment, origin: str, host: str) -> Response:
    if environ.get("HTTP_HOST") != host:
        return _refused(421, f"This site answers at {origin} only.")
    if environ["REQUEST_METHOD"] == "POST" and environ.get("HTTP_ORIGIN") != origin:
        return _refused(403, "This form belongs to another website.")
    length = environ.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdigit()) or int(length) > LARGEST_BODY:
        return _refused(413, "This is larger than the site accepts.")
    try:
        return app(_request(environ, environ["wsgi.input"].read(int(length))))
    except Exception:
        # The last line of defence: the site goes on, the caller learns nothing of the inside.
        log.exception("fault while answering %s", environ["REQUEST_METHOD"])
        return _refused(500, "The site met a fault of its own.")


def _request(environ: WSGIEnvironment, body: bytes) -> Request:
    form, files = _fields(environ.get("CONTENT_TYPE", ""), body)
    return Request(
        environ["REQUEST_METHOD"],
        environ["PATH_INFO"],
        _cookie(environ.get("HTTP_COOKIE", "")),
        environ.get("HTTP_ACCEPT_LANGUAGE", ""),
        form,
        files,
    )


def _fields(content_type: str, body: bytes) -> tuple[dict[str, str], dict[str, bytes]]:
    if content_type.startswith("multipart/form-data"):
        return _parts(content_type, body)
    if content_type.startswith("application/x-www-form-urlencoded"):
        try:
            fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=50)
        except ValueError:
            return {}, {}
        return {name: values[0] for name, values in fields.items()}, {}
    return {}, {}


def _parts(content_type: str, body: bytes) -> tuple[dict[str, str], dict[str, bytes]]:
    """The parts of a form with files, by the standard library's reader of such messages."""
    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1", "replace")
    read = BytesParser(policy=HTTP).parsebytes(head + body)
    form: dict[str, str] = {}
    files: dict[str, bytes] = {}
    for part in read.iter_parts() if read.is_multipart() else ():
        name = part.get_param("name", header="content-disposition")
        if isinstance(name, str):
            _put(part, name, form, files)
    return form, files


def _put(part: Message, name: str, form: dict[str, str], files: dict[str, bytes]) -> None:
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return
    if part.get_filename() is None:
        form[name] = content.decode("utf-8", "replace")
    else:
        files[name] = content


def _cookie(header: str) -> str:
    try:
        morsel = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return ""
    return morsel.value if morsel else ""


def _refused(status: int, text: str) -> Response:
    return Response(f"{text}\n".encode(), "text/plain; charset=utf-8", status)
