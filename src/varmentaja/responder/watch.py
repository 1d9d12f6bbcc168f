# SPDX-License-Identifier: EUPL-1.2
"""Follows the publication folder in a thread and keeps what the responder serves from."""

from __future__ import annotations

import json
import threading
import time
from datetime import datetime
from functools import cached_property, lru_cache
from itertools import count

import structlog
from cryptography.x509 import load_der_x509_certificate

from varmentaja.pki.publication import PublicationReader, Snapshot
from varmentaja.pki.publication.issuer import Issuer, issuers_of
from varmentaja.pki.publication.segment import Entry
from varmentaja.responder.ages import Ages, ages_of_answers
from varmentaja.responder.question import (
    Beginnings,
    NonceBeginnings,
    Question,
    beginnings_of,
    nonce_beginnings_of,
)

MIRROR_STATE = "mirror.json"
POLL = 0.3
"""Seconds between looks at the head: half of this is the mean delay of a revocation."""
_RETRY = 10
"""A refused set is verified again at every tenth look: what was missing may have come."""

_MEASURED_EVERY, _MEASURING = 5.0, 50
"""Seconds between measurings of the answers' ages, or so many times what one takes: 2 % of a core."""

_log = structlog.get_logger("responder")


_NUMBERS = count(1)


class View:
    """One snapshot, ready to serve: who may be named as issuer at which authority's address."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.number = next(_NUMBERS)
        """Tells it from every other one of this process."""
        self.issuers: dict[str, tuple[Issuer, Issuer]] = {
            name: _issuers(certificate) for name, certificate in snapshot.certificates.items()
        }
        self.beginnings = {name: _beginnings(issuers) for name, issuers in self.issuers.items()}

    @cached_property
    def nonce_beginnings(self) -> dict[str, NonceBeginnings]:
        """The same of questions with a nonce, which the online responder alone answers."""
        return {name: _nonce_beginnings(issuers) for name, issuers in self.issuers.items()}

    def stored(self, authority: str, question: Question) -> tuple[bytes, Entry] | None:
        """The answer (DER) that was signed ahead to a question about a certificate of this authority, however
        old it is, and its record; None if there is none (any more)."""
        found = self.snapshot.find(authority, question.serial)
        if found is None or found[1].is_withdrawn:
            return None
        segment, entry = found
        body = segment.sha1(entry) if question.issuer.hash_name == "sha1" else segment.sha256(entry)
        return body, entry


class Watch:
    """Holds the current view; ``run`` keeps it current until ``stop``."""

    view: View | None = None
    ages: Ages | None = None
    """Of the answers in force, as last measured."""

    def __init__(self, reader: PublicationReader) -> None:
        self._reader = reader
        self._stopping = threading.Event()
        self._problem: str | None = None
        self._fault: str | None = None
        self._measured: View | None = None

    @property
    def problem(self) -> str | None:
        """Why the newest head is not served, if so."""
        return self._fault or self._reader.problem

    def mirror_state(self) -> dict[str, object] | None:
        """What the mirror that fills the folder last told (``mirror.py``); None where there is none."""
        try:
            told = json.loads((self._reader.folder / MIRROR_STATE).read_bytes())
            datetime.fromisoformat(told["looked_at"])
            return {"looked_at": told["looked_at"], "problem": told["problem"]}
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def look(self, *, again: bool = False) -> None:
        """Take the newest head if it is sound."""
        try:
            self._reader.poll(again=again)
            self._take(self._reader.current)
            self._fault = None
        except Exception as error:  # whatever it is, health must tell of it, and the next look tries again
            self._fault = f"{type(error).__name__}: {error}"
        if self.problem != self._problem:
            self._problem = self.problem
            if self._problem:
                _log.error("publication_refused", problem=self._problem)

    def _take(self, snapshot: Snapshot | None) -> None:
        if snapshot is None or (self.view and self.view.snapshot is snapshot):
            return
        self.view = View(snapshot)
        overlay = snapshot.head.overlay.number if snapshot.head.overlay else None
        _log.info("publication_switched", set=snapshot.head.set.number, overlay=overlay)

    def run(self) -> None:
        """Look again and again, in the calling thread. A fault is logged and does not end the watch."""
        count = 0
        while not self._stopping.wait(POLL):
            count += 1
            try:
                self.look(again=count % _RETRY == 0)
            except Exception:
                _log.exception("publication_watch_failed")

    def measure(self) -> None:
        """Find the ages of the answers, if they may have changed."""
        view = self.view
        if view is not None and view is not self._measured:
            self.ages, self._measured = ages_of_answers(view.snapshot), view

    def _measure_again_and_again(self) -> None:
        pause = 0.0
        while not self._stopping.wait(pause):
            begun = time.thread_time()
            try:
                self.measure()
            except Exception:
                _log.exception("publication_not_measured")
            pause = max(_MEASURED_EVERY, _MEASURING * (time.thread_time() - begun))

    def start(self) -> None:
        """Look once, then go on in threads that end with the process."""
        self.look()
        for work in (self.run, self._measure_again_and_again):
            threading.Thread(target=work, name=f"publication-{work.__name__}", daemon=True).start()

    def stop(self) -> None:
        """End ``run``."""
        self._stopping.set()


@lru_cache(maxsize=256)
def _issuers(certificate: bytes) -> tuple[Issuer, Issuer]:
    return issuers_of(load_der_x509_certificate(certificate))


@lru_cache(maxsize=256)
def _beginnings(issuers: tuple[Issuer, Issuer]) -> Beginnings:
    return beginnings_of(issuers)


@lru_cache(maxsize=256)
def _nonce_beginnings(issuers: tuple[Issuer, Issuer]) -> NonceBeginnings:
    return nonce_beginnings_of(issuers)
