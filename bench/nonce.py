# SPDX-License-Identifier: EUPL-1.2
"""Answers with a nonce, signed as they are asked for: the online responder against ``openssl ocsp``.

Both on one core and over new connections, each asked about a certificate of its own authority with a nonce
that comes back; both sign with P-256.
"""

from __future__ import annotations

import os
from pathlib import Path

import httpx
from cryptography.x509 import ocsp

from bench import load, servers
from bench.harness import Row, interleaved
from bench.questions import Asker
from varmentaja.config import Settings
from varmentaja.ground.renewal import renew_delegation

_REQUESTS = 6_000


def measure(folder: Path, asker: Asker, settings: Settings, rounds: int) -> Row:
    """``folder`` holds what ``servers.prepare_openssl`` laid down."""
    renew_delegation()
    question, nonce = asker.draw(), os.urandom(32)
    ours, theirs = folder / "nonce.der", folder / "peer-nonce.der"
    ours.write_bytes(asker.request(question.authority, question.serial, nonce=nonce))
    servers.ask_openssl_for(folder, theirs, question.serial)

    def openssl() -> float:
        with servers.openssl(folder) as peer:
            _insist_on_nonce(f"{peer.url}/", theirs)
            return load.ask_anew(f"{peer.url}/", _REQUESTS, theirs).rate

    with servers.stopping(servers.online(folder, settings)) as responder:
        address = responder.url + question.post
        _insist_on_nonce(address, ours)
        runs = {"ours": lambda: load.ask_anew(address, _REQUESTS, ours).rate, "openssl": openssl}
        rates = interleaved(runs, rounds)
    how = f"{rates['ours']:,.0f}/s against {rates['openssl']:,.0f}/s, one core each"
    what = "with nonce, signed live, against `openssl ocsp -multi 2`, new connections"
    return Row(what, rates["ours"] / rates["openssl"], "×", how, "ocsp_nonce")


def _insist_on_nonce(address: str, request: Path) -> None:
    content = request.read_bytes()
    asked = ocsp.load_der_ocsp_request(content).extensions
    answer = ocsp.load_der_ocsp_response(httpx.post(address, content=content).raise_for_status().content)
    if list(answer.extensions) != list(asked):
        raise RuntimeError(f"{address}: the nonce does not come back")
