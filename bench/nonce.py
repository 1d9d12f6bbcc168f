# SPDX-License-Identifier: EUPL-1.2
"""Answers with a nonce, signed as they are asked for: the online responder against ``openssl ocsp``.

Both on one core and over new connections, asked about the same thousands of certificates, ours of its own
authorities and the peer of its own, each time with another nonce, which must come back; both sign with P-256.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from itertools import cycle, islice
from pathlib import Path

import httpx
from cryptography.x509 import ocsp

from bench import load, servers
from bench.harness import Row, interleaved
from bench.questions import Asker, Question, request_about
from varmentaja.config import Settings
from varmentaja.ground.renewal import renew_delegation
from varmentaja.responder import nonce_shortcut

_DIFFERENT = nonce_shortcut.REMEMBERED
"""Certificates that a round asks about; ours remembers what it says of so many, all but moment and nonce."""
_REQUESTS = 5 * nonce_shortcut.REMEMBERED
"""Each with a nonce of its own; about as many certificates nothing is remembered."""
_LOOKED_AT = 10
"""Answers whose nonce is looked at."""


def measure(folder: Path, asker: Asker, settings: Settings, rounds: int, seconds: int) -> list[Row]:
    """``folder`` holds what ``servers.prepare_openssl`` laid down."""
    renew_delegation()
    issuer = servers.openssl_issuer(folder)

    def of_ours(each: Question) -> bytes:
        return asker.request(each.authority, each.serial, nonce=os.urandom(32))

    def of_the_peer(each: Question) -> bytes:
        return request_about(issuer, each.serial, nonce=os.urandom(32))

    questions, many = asker.draw_many(_DIFFERENT), asker.draw_many(_REQUESTS)
    same, anew = _Asked(folder / "nonces", questions, of_ours), _Asked(folder / "nonces-anew", many, of_ours)
    theirs = _Asked(folder / "nonces-peer", questions, of_the_peer)

    def openssl() -> float:
        with servers.openssl(folder) as peer:
            return theirs.rate(peer.url, seconds)

    with servers.stopping(servers.online(folder, settings)) as responder:
        runs = {
            "same": lambda: same.rate(responder.url, seconds),
            "openssl": openssl,
            "anew": lambda: anew.rate(responder.url, seconds),
        }
        rates = interleaved(runs, rounds)
    what = "with nonce, signed live, against `openssl ocsp -multi 2`, new connections"
    return [
        Row(
            what,
            rates["same"] / rates["openssl"],
            "×",
            f"{rates['same']:,.0f}/s against {rates['openssl']:,.0f}/s, one core each; {len(questions):,}"
            " certificates again and again, each time another nonce",
            "ocsp_nonce",
        ),
        Row(
            "with nonce, each certificate looked up anew, of the same",
            rates["anew"] / rates["openssl"],
            "×",
            f"{rates['anew']:,.0f}/s: {len(many):,} certificates, more than it remembers",
        ),
    ]


class _Asked:
    """Questions in turn, over new connections."""

    def __init__(self, file: Path, questions: list[Question], request: Callable[[Question], bytes]) -> None:
        asked = [(each.post, request(each)) for each in islice(cycle(questions), _REQUESTS)]
        self._first = asked[:_LOOKED_AT]
        self._file = load.write_requests(file, (load.post(*each, load.ONCE) for each in asked))

    def rate(self, url: str, seconds: int) -> float:
        """Answers a second, of a server that sends nonces back."""
        _insist_on_nonces(url, self._first)
        return load.ask_in_turn(url, self._file, seconds, connections=load.NEW_CONNECTIONS).rate


def _insist_on_nonces(url: str, asked: Iterable[tuple[str, bytes]]) -> None:
    for path, request in asked:
        answer = httpx.post(url + path, content=request).raise_for_status().content
        sent = ocsp.load_der_ocsp_request(request).extensions
        if list(ocsp.load_der_ocsp_response(answer).extensions) != list(sent):
            raise RuntimeError(f"{url}: the nonce does not come back")
