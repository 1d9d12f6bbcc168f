# SPDX-License-Identifier: EUPL-1.2
"""The shortest way of a usual question with a nonce: what ``shortcut`` is for plain ones.

Only the moment, the nonce and the signature of an answer change from one to the next about a certificate; the
rest is remembered until the publication or the signer changes.
"""

from __future__ import annotations

import time
from collections.abc import Callable

from varmentaja.pki.ocsp import ErrorStatus
from varmentaja.responder.counters import outcome_of, place_of
from varmentaja.responder.http import http_date
from varmentaja.responder.lately import Lately
from varmentaja.responder.live import Ready, certificate_of, prepare, second_of
from varmentaja.responder.question import Question, recognise_nonce
from varmentaja.responder.shortcut import CLOSES, STAYS, TYPE, read_asked
from varmentaja.responder.signers import Delegations, Signers
from varmentaja.responder.watch import View, Watch
from varmentaja.responder.wire import Answered

REMEMBERED = 4096
"""Answers in each of two generations: together some 6 MB."""
_PLACES = {method: place_of(method, "signed") for method in ("GET", "POST")}


class NonceShortcut:
    """For one thread. Answers from ``watch.view`` as it is at each question."""

    def __init__(
        self, watch: Watch, delegations: Delegations, clock: Callable[[], float] = time.time
    ) -> None:
        self._watch = watch
        self._delegations = delegations
        self._clock = clock
        self._view = 0
        self._signers: Signers | None = None
        self._lately = Lately[tuple[str, Question], Ready](REMEMBERED)

    def __call__(self, octets: bytes) -> Answered | None:
        """The answer to the request that these octets are (see ``wire.Shortcut``)."""
        asked, view, signers = read_asked(octets), self._watch.view, self._delegations.current()
        if asked is None or view is None or signers is None:
            return None
        if view.number != self._view or signers is not self._signers:
            self._view, self._signers = view.number, signers
            self._lately.forget()
        method, staying, authority, der = asked
        recognised = recognise_nonce(der, view.nonce_beginnings.get(authority, {}))
        if recognised is None:
            return None
        question, nonce = recognised
        ready = self._lately.get((authority, question)) or self._prepare(view, signers, authority, question)
        now = self._clock()
        answer = ready.sign(nonce, second_of(now)) if ready else b""
        if not answer or outcome_of(answer) != "signed":
            return None
        date, size = http_date(int(now)).encode(), str(len(answer)).encode()
        head = (b"HTTP/1.1 200 OK\r\nDate: ", date, TYPE, size, b"\r\nCache-Control: no-store")
        return b"".join((*head, STAYS if staying else CLOSES, answer)), staying, _PLACES[method]

    def _prepare(self, view: View, signers: Signers, authority: str, question: Question) -> Ready | None:
        ready = prepare(view, signers, authority, (certificate_of(question),))
        if isinstance(ready, ErrorStatus):
            return None
        self._lately.keep((authority, question), ready)
        return ready
