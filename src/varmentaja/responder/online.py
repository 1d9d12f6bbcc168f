# SPDX-License-Identifier: EUPL-1.2
"""The responder that signs: for nonces (RFC 9654), several certificates in one request, and ``unknown``.

A program of its own, for relying parties that ask for it: ``varmentaja responder-online``. What it says comes
from the same publication as the static responder's answers, and never claims to be fresher than that. It
holds delegated keys of a week (signer/delegation.py), no authority's key and no database.

- One certificate without a nonce, known: the answer that was signed ahead.
- Nonce or several certificates: signed now. thisUpdate and nextUpdate are those of the oldest published
  answer in it, since that is when the statuses were known to be so; producedAt is now.
- A serial of ours that was never published, or long ago: ``unknown``, with the publication's own date.
- The same while the publication says that it is incomplete (after a loss): ``tryLater``. It may be valid.
- Another issuer's certificate, another hash, mixed hashes: ``unauthorized``, as the static responder says.
- A published answer that has gone stale, or by a clock that stands before it: ``tryLater``. A signature of
  today would hide its age.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from varmentaja.pki.hierarchy import load_hierarchy
from varmentaja.pki.ocsp import (
    ErrorStatus,
    error_response,
)
from varmentaja.pki.ocsp_request import OcspRequest, parse_request
from varmentaja.pki.publication import PublicationReader
from varmentaja.responder.app import Responder, read_request, send_nothing_in_force
from varmentaja.responder.counters import OUTCOME, Counters, outcome_of
from varmentaja.responder.http import OCSP_RESPONSE, send_bytes, send_error
from varmentaja.responder.key import read_verifier
from varmentaja.responder.live import certificate_of, prepare, second_of
from varmentaja.responder.nonce_shortcut import NonceShortcut
from varmentaja.responder.question import recognise_nonce
from varmentaja.responder.serve import run_server
from varmentaja.responder.signers import Delegations
from varmentaja.responder.watch import View, Watch
from varmentaja.responder.wire import Answered

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment


class OnlineResponder:
    """A WSGI callable, safe for many threads. CRLs, certificates and health are the static responder's."""

    def __init__(
        self,
        watch: Watch,
        delegations: Delegations,
        clock: Callable[[], float] = time.time,
        counters: Counters | None = None,
    ) -> None:
        self._watch = watch
        self._delegations = delegations
        self._clock = clock
        self._static = Responder(watch, clock, counters)
        self._nonce_shortcut = NonceShortcut(watch, delegations, clock)

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Sign what must be signed; leave the rest to the static responder."""
        parts = environ["PATH_INFO"].split("/", 3)
        if len(parts) < 3 or parts[1] != "ocsp" or environ["REQUEST_METHOD"] not in ("GET", "HEAD", "POST"):
            return self._static(environ, start_response)
        content = read_request(environ, parts[3] if len(parts) > 3 else "")
        if isinstance(content, str):
            return send_error(environ, start_response, content)
        view, signers = self._watch.view, self._delegations.current()
        if view is None or signers is None:
            return send_nothing_in_force(environ, start_response)
        if parts[2] not in view.issuers:
            return send_error(environ, start_response, "404 Not Found")
        request = ErrorStatus.MALFORMED_REQUEST if content is None else _read(view, parts[2], content)
        if isinstance(request, ErrorStatus):
            return _send(environ, start_response, error_response(request))
        if content is not None and request.nonce is None and len(request.certificates) == 1:
            stored = self._static.stored_answer(view, parts[2], content)
            if stored is not None:
                return self._static.send(environ, start_response, stored)
        ready = prepare(view, signers, parts[2], request.certificates)
        if isinstance(ready, ErrorStatus):
            return _send(environ, start_response, error_response(ready))
        return _send(environ, start_response, ready.sign(request.nonce, second_of(self._clock())))

    def shortcut(self, octets: bytes) -> Answered | None:
        """For a server of one thread (see ``wire.Shortcut``): usual questions, with a nonce or without."""
        if self._delegations.current() is None:
            return None
        return self._static.shortcut(octets) or self._nonce_shortcut(octets)


def _read(view: View, authority: str, content: bytes) -> OcspRequest | ErrorStatus:
    """What a request asks; the usual one with a nonce is known by its looks, which is quicker."""
    recognised = recognise_nonce(content, view.nonce_beginnings[authority])
    if recognised is None:
        return parse_request(content)
    question, nonce = recognised
    return OcspRequest((certificate_of(question),), nonce)


def _send(environ: WSGIEnvironment, start_response: StartResponse, der: bytes) -> Iterable[bytes]:
    """Signed for one asker, or a refusal: nothing to keep."""
    environ[OUTCOME] = outcome_of(der)
    return send_bytes(environ, start_response, der, OCSP_RESPONSE, "no-store")


@dataclass(frozen=True, slots=True)
class Places:
    """Where the online responder finds what it works with; it writes nowhere."""

    publication: Path
    publisher_key: Path
    hierarchy: Path
    """Folder of the authorities' certificates."""
    delegations: Path
    passphrase_file: Path
    production: bool


def serve(places: Places, address: str, port: int, workers: int = 1) -> None:
    """Serve over HTTP/1.1 until SIGTERM or SIGINT."""
    run_server(lambda counters: load_application(places, counters), address, port, workers)


def load_application(places: Places, counters: Counters | None = None) -> OnlineResponder:
    """Make the WSGI application and start to follow the publication and the delegations.

    Raises OSError or DomainError when the hierarchy or the passphrase cannot be read.
    """
    watch = Watch(PublicationReader(places.publication, read_verifier(places.publisher_key)))
    watch.start()
    hierarchy = load_hierarchy(places.hierarchy, production=places.production)
    passphrase = places.passphrase_file.read_bytes().strip()
    delegations = Delegations(places.delegations, hierarchy, passphrase)
    return OnlineResponder(watch, delegations, counters=counters)
