# SPDX-License-Identifier: EUPL-1.2
"""The responder's WSGI application: OCSP, CRLs, authority certificates, health.

=====================================  ============================================
``GET /ocsp/<authority>/<base64>``     OCSP, RFC 6960 A.1 (``+``, ``/``, ``=`` plain or percent-encoded)
``POST /ocsp/<authority>``             OCSP
``GET /crl/<authority>/<shard>.crl``   CRL of a shard (DER)
``GET /ca/<authority>.crt``            the authority's certificate (DER)
``GET /health``                        JSON; 503 while nothing that is served is in force
``GET /metrics``                       for Prometheus
=====================================  ============================================
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from varmentaja.responder.counters import OUTCOME, Counters, outcome_of
from varmentaja.responder.health import health
from varmentaja.responder.http import (
    MAX_AGE_OF_REFUSAL,
    OCSP_RESPONSE,
    Document,
    etag_of,
    send_bytes,
    send_document,
    send_error,
)
from varmentaja.responder.metrics import MEDIA_TYPE, metrics
from varmentaja.responder.question import ErrorStatus, decode_get, read_question, recognise
from varmentaja.responder.shortcut import Shortcut
from varmentaja.responder.watch import View, Watch

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

REQUEST_LIMIT = 4096
"""Octets of an OCSP request. One certificate takes about 80, and RFC 5019 clients keep a GET below 255."""
_BASE64_LIMIT = 4 * REQUEST_LIMIT // 3 + 4
UNAVAILABLE = "503 Service Unavailable"


class Responder:
    """A WSGI callable, safe for many threads. Serves ``watch.view`` as it is at the start of each request."""

    def __init__(
        self, watch: Watch, clock: Callable[[], float] = time.time, counters: Counters | None = None
    ) -> None:
        self._watch = watch
        self._clock = clock
        self._counters = counters or Counters()
        self.shortcut = Shortcut(watch, clock)
        """For a server of one thread."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Route a request."""
        parts = environ["PATH_INFO"].split("/", 3)
        kind = parts[1] if len(parts) > 1 else ""
        if kind == "ocsp" and len(parts) > 2:
            return self._ocsp(environ, start_response, parts[2], parts[3] if len(parts) > 3 else "")
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return _not_allowed(environ, start_response, "GET, HEAD")
        if kind == "crl" and len(parts) == 4:
            return self._crl(environ, start_response, parts[2], parts[3])
        if kind == "ca" and len(parts) == 3:
            return self._certificate(environ, start_response, parts[2])
        if kind == "health" and len(parts) == 2:
            return self._health(environ, start_response)
        if kind == "metrics" and len(parts) == 2:
            return self._metrics(environ, start_response)
        return _not_found(environ, start_response)

    def _ocsp(
        self, environ: WSGIEnvironment, start_response: StartResponse, authority: str, encoded: str
    ) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD", "POST"):
            return _not_allowed(environ, start_response, "GET, HEAD, POST")
        der = read_request(environ, encoded)
        if isinstance(der, str):
            return send_error(environ, start_response, der)
        view = self._watch.view
        if view is None:
            return send_nothing_in_force(environ, start_response)
        if authority not in view.issuers:
            return _not_found(environ, start_response)
        answer = ErrorStatus.MALFORMED_REQUEST if der is None else find_answer(view, authority, der)
        if isinstance(answer, ErrorStatus):
            return _send_status(environ, start_response, answer)
        return self.send(environ, start_response, answer)

    def stored_answer(self, view: View, authority: str, der: bytes) -> Document | None:
        """The answer that was signed ahead, if there is one and it is not stale."""
        found = find_answer(view, authority, der)
        if isinstance(found, ErrorStatus) or (found.next_update or 0) <= self._clock():
            return None
        return found

    def send(
        self, environ: WSGIEnvironment, start_response: StartResponse, answer: Document
    ) -> Iterable[bytes]:
        """Send an answer with the headers of its dates."""
        return send_document(environ, start_response, answer, self._clock())

    def _crl(
        self, environ: WSGIEnvironment, start_response: StartResponse, authority: str, name: str
    ) -> Iterable[bytes]:
        view = self._watch.view
        if view is None:
            return send_error(environ, start_response, UNAVAILABLE)
        crl = view.snapshot.crls.get((authority, name.removesuffix(".crl")))
        if crl is None or not name.endswith(".crl"):
            return _not_found(environ, start_response)
        environ[OUTCOME] = "list"
        dates = int(crl.ref.this_update.timestamp()), int(crl.ref.next_update.timestamp())
        etag = f'"{crl.ref.file.sha256[:32]}"'
        # Of lists signed within one second the first alone has it as its number (pki.crl.next_crl_number).
        by_date = crl.ref.number <= dates[0]
        document = Document(crl.der, "application/pkix-crl", *dates, etag, by_date)
        return send_document(environ, start_response, document, self._clock())

    def _certificate(
        self, environ: WSGIEnvironment, start_response: StartResponse, name: str
    ) -> Iterable[bytes]:
        view = self._watch.view
        if view is None:
            return send_error(environ, start_response, UNAVAILABLE)
        der = view.snapshot.certificates.get(name.removesuffix(".crt"))
        if der is None or not name.endswith(".crt"):
            return _not_found(environ, start_response)
        environ[OUTCOME] = "certificate"
        published = int(view.snapshot.base.manifest.time.timestamp())
        document = Document(der, "application/pkix-cert", published, None, etag_of(der), by_date=True)
        return send_document(environ, start_response, document, self._clock())

    def _health(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ[OUTCOME] = "page"
        status, body = health(self._watch, self._clock())
        return send_bytes(environ, start_response, body, "application/json", "no-store", status)

    def _metrics(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        environ[OUTCOME] = "page"
        body = metrics(self._watch, self._counters, self._clock())
        return send_bytes(environ, start_response, body, MEDIA_TYPE, "no-store")


def find_answer(view: View, authority: str, der: bytes) -> Document | ErrorStatus:
    """Return the stored answer to a DER request made at an authority's address.

    The issuer in the CertID must be that authority: a right serial under another issuer, or at another
    authority's address, gets UNAUTHORIZED and never a status (docs/decisions/0021-status-answers.md).
    """
    question = recognise(der, view.beginnings[authority]) or read_question(der)
    if isinstance(question, ErrorStatus):
        return question
    if question.issuer not in view.issuers[authority]:
        return ErrorStatus.UNAUTHORIZED
    stored = view.stored(authority, question)
    if stored is None:
        return ErrorStatus.UNAUTHORIZED
    body, entry = stored
    dates = entry.this_update, entry.next_update
    # A status that has never changed was no other a moment ago.
    return Document(body, OCSP_RESPONSE, *dates, etag_of(body), by_date=not entry.revision)


def read_request(environ: WSGIEnvironment, encoded: str) -> bytes | str | None:
    """The OCSP request of a POST (in its body) or GET (``encoded``, in its path); None: not base64.

    Text: the HTTP status by which it is turned away.
    """
    if environ["REQUEST_METHOD"] == "POST":
        if encoded:
            return "404 Not Found"
        body = _read_body(environ)
        return "413 Content Too Large" if body is None else body
    return "414 URI Too Long" if len(encoded) > _BASE64_LIMIT else decode_get(encoded)


def _read_body(environ: WSGIEnvironment) -> bytes | None:
    """The request body, or None if it is longer than the limit. What is beyond the limit is not read."""
    length = environ.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length[:10]) > REQUEST_LIMIT:
        return None
    body: bytes = environ["wsgi.input"].read(REQUEST_LIMIT + 1)
    return body if len(body) <= REQUEST_LIMIT else None


def _send_status(
    environ: WSGIEnvironment, start_response: StartResponse, status: ErrorStatus
) -> Iterable[bytes]:
    """An unsigned OCSP error goes out as HTTP 200 (RFC 6960 A.2)."""
    environ[OUTCOME] = outcome_of(status.der)
    keep = f"public, max-age={MAX_AGE_OF_REFUSAL}" if status is ErrorStatus.UNAUTHORIZED else "no-store"
    return send_bytes(environ, start_response, status.der, OCSP_RESPONSE, keep)


def send_nothing_in_force(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """``tryLater`` in an HTTP error, so that whoever spreads questions asks another responder instead
    (docs/decisions/0021-status-answers.md)."""
    der = ErrorStatus.TRY_LATER.der
    environ[OUTCOME] = outcome_of(der)
    return send_bytes(environ, start_response, der, OCSP_RESPONSE, "no-store", UNAVAILABLE)


def _not_found(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    return send_error(environ, start_response, "404 Not Found")


def _not_allowed(environ: WSGIEnvironment, start_response: StartResponse, allowed: str) -> Iterable[bytes]:
    return send_error(environ, start_response, "405 Method Not Allowed", [("Allow", allowed)])
