# SPDX-License-Identifier: EUPL-1.2
"""From documents to findings: what openssl and pyHanko hold of them, and whether they agree.

Each good verdict is kept by the document's hash, so that a round in which nothing changed costs no
verification. A bad one is not kept: what was "not yet valid" by a clock a second behind is looked at again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Hashable, Iterator
from datetime import datetime, timedelta
from typing import Any, TypeVar

from varmentaja.domain.availability import Finding, Service, Trouble, limits
from varmentaja.observer.lists import Entry, Published
from varmentaja.observer.openssl import Answer, Digest, OpenSsl
from varmentaja.observer.plan import Authority, Plan, Watched
from varmentaja.observer.pyhanko import status_by_answer

T = TypeVar("T")


class Judge:
    """Verdicts on documents, each made once while the document goes on being seen."""

    def __init__(self, openssl: OpenSsl) -> None:
        self.openssl = openssl
        self._known: dict[Hashable, Any] = {}
        self._used: dict[Hashable, Any] = {}
        self._nonces: dict[tuple[str, int, Digest], bytes] = {}

    def begin(self, plan: Plan) -> None:
        """A new round: verdicts that the last one did not need are forgotten."""
        self._plan = plan
        self._by_name = {each.name: each for each in plan.authorities}
        self._known, self._used, self._nonces = self._used, {}, {}

    def request(self, authority: Authority, watched: Watched, digest: Digest) -> bytes:
        """DER of the question."""
        key = ("request", authority.name, watched.serial, digest)
        asked = authority.certificate, watched.serial
        return self._once(key, lambda: self.openssl.request(*asked, digest=digest), bool)

    def request_with_nonce(self, authority: Authority, watched: Watched, digest: Digest) -> bytes:
        """DER of a question that was never asked before this round."""
        key = authority.name, watched.serial, digest
        if key not in self._nonces:
            asked = authority.certificate, watched.serial
            self._nonces[key] = self.openssl.request(*asked, digest=digest, nonce=True)
        return self._nonces[key]

    def answer(
        self,
        der: bytes,
        authority: Authority,
        watched: Watched,
        now: datetime,
        digest: Digest,
        request: bytes | None = None,
    ) -> Answer:
        """OpenSSL's and, for a canary, pyHanko's opinion of an OCSP answer.

        ``digest``: that of the question. ``request``: whose nonce must come back.
        """
        key = ("answer", _hash(der), authority.name, watched.serial, digest, request)
        return self._once(
            key,
            lambda: self._answer(der, authority, watched, now, digest, request),
            lambda told: not told.problem,
        )

    def published(self, der: bytes, authority: Authority, shard: int) -> Published | str:
        """A verified list, or why it is none."""
        serials = frozenset(each.serial for each in authority.watched if each.shard == shard)
        key = ("list", _hash(der), authority.name, serials)
        return self._once(
            key, lambda: self._published(der, authority, serials), lambda told: isinstance(told, Published)
        )

    def certificate(self, der: bytes, authority: Authority, now: datetime) -> str:
        """Why an authority's certificate is not the one we know, or leads to no root; empty when it does."""
        if der != authority.certificate:
            return "another certificate than the authority's"
        key = ("certificate", _hash(der))
        above = self._above(authority)
        return self._once(
            key, lambda: self.openssl.certificate(der, above, self._plan.roots, now), lambda why: not why
        )

    def canary_by_lists(
        self, certificate: bytes, authority: Authority, lists: list[bytes], now: datetime
    ) -> tuple[str, bool]:
        """OpenSSL's verdict on a canary's whole path by lists, the delta among them where there is one."""
        key = ("path", _hash(certificate), *(_hash(each) for each in lists))
        between = [authority.certificate, *self._above(authority)]
        return self._once(
            key,
            lambda: self.openssl.status_by_lists(certificate, between, self._plan.roots, lists, now),
            lambda told: not told[0],
        )

    def _answer(
        self,
        der: bytes,
        authority: Authority,
        watched: Watched,
        now: datetime,
        digest: Digest,
        request: bytes | None,
    ) -> Answer:
        told = self.openssl.answer(der, authority.certificate, self._plan.roots, watched.serial, now, digest)
        if not told.problem and request and (problem := self.openssl.nonce(der, request)):
            return Answer(problem=problem)
        if told.problem or watched.certificate is None or is_stale(told.next_update, now):
            return told
        problem, revoked = status_by_answer(der, watched.certificate, authority.certificate, now)
        if not problem and revoked != told.revoked:
            problem = "openssl and pyHanko read different statuses"
        return Answer(problem=problem) if problem else told

    def _published(self, der: bytes, authority: Authority, serials: frozenset[int]) -> Published | str:
        verdict = self.openssl.revocation_list(der, authority.certificate)
        if verdict.problem:
            return verdict.problem
        try:
            return Published.read(der, verdict, serials)
        except ValueError as error:
            return str(error)

    def _above(self, authority: Authority) -> list[bytes]:
        """Certificates between an authority and its root, the root excluded."""
        above = []
        while authority.issued_by != authority.name:
            authority = self._by_name[authority.issued_by]
            above.append(authority.certificate)
        return above[:-1]

    def _once(self, key: Hashable, make: Callable[[], T], is_sound: Callable[[T], bool]) -> T:
        """What ``make`` makes, unless this round or the last has a sound verdict under the same key."""
        if key in self._used:
            verdict: T = self._used[key]
        elif key in self._known:
            verdict = self._known[key]
        else:
            verdict = make()
        if is_sound(verdict):
            self._used[key] = verdict
        return verdict


def is_stale(next_update: datetime | None, now: datetime) -> bool:
    """Whether validity has ended; a document without an end tells nothing about its age."""
    return next_update is None or next_update <= now


def freshness(
    service: Service, subject: str, this_update: datetime | None, next_update: datetime | None, now: datetime
) -> Iterator[Finding]:
    """Stale, from the future, or about to end."""
    if is_stale(next_update, now):
        yield Finding(service, Trouble.STALE, subject, f"nextUpdate {next_update}")
    elif next_update and next_update - now < limits().margin:
        yield Finding(service, Trouble.AGEING, subject, f"nextUpdate {next_update}")
    elif this_update is None or this_update > now + timedelta(minutes=5):
        yield Finding(service, Trouble.STALE, subject, f"thisUpdate {this_update}")


def pair(full: Published, delta: Published, full_url: str, delta_url: str) -> Iterator[Finding]:
    """Whether a delta belongs to the full list beside it (RFC 5280 §5.2.4)."""
    if full.base is not None:
        yield Finding(Service.CRL, Trouble.INVALID, full_url, "a delta where the full list should be")
    elif delta.base is None:
        yield Finding(Service.CRL, Trouble.INVALID, delta_url, "a full list where the delta should be")
    elif delta.base > full.number:
        detail = f"base {delta.base}, but the full list is number {full.number}"
        yield Finding(Service.CRL, Trouble.DELTA_WITHOUT_BASE, delta_url, detail)


def completes(delta: Published, full: Published) -> bool:
    """Whether the delta may be put over the full list."""
    return delta.base is not None and delta.base <= full.number


def listed(serial: int, full: Published, delta: Published | None) -> bool:
    """Whether the lists together call a certificate revoked."""
    entry = full.entries.get(serial)
    if delta is not None and completes(delta, full):
        entry = delta.entries.get(serial, entry)
    return entry is not None and entry.revoked


def agreement(
    subject: str, serial: int, answer: Answer | None, full: Published, delta: Published | None, now: datetime
) -> Iterator[Finding]:
    """Whether the answer, the full list, and the full list completed by its delta tell the same.

    A revocation younger than the time it may take everywhere is no contradiction yet.
    """
    told: dict[str, Entry | None] = {"full list": full.entries.get(serial)}
    if delta is not None and completes(delta, full):
        told["list with delta"] = delta.entries.get(serial, told["full list"])
        if delta.number > full.number:  # the full list cannot know yet what the newer delta tells
            del told["full list"]
    if answer is not None:
        told["OCSP"] = Entry(True, answer.revoked_at) if answer.revoked and answer.revoked_at else None
    statuses = {name: entry is not None and entry.revoked for name, entry in told.items()}
    if len(set(statuses.values())) == 1:
        return
    moments = [entry.at for entry in told.values() if entry is not None]
    if min(moments) > now - limits().agreement:
        return
    said = ", ".join(f"{name}: {'revoked' if is_ else 'good'}" for name, is_ in statuses.items())
    service = Service.OCSP if "OCSP" in statuses else Service.CRL
    yield Finding(service, Trouble.DISAGREEMENT, subject, said)


def behind(
    service: Service, subject: str, published: Published, copy: Published, now: datetime
) -> Iterator[Finding]:
    """Whether a copy of a list lacks what has been published for long enough."""
    lacking = [
        f"{serial:x}"
        for serial, entry in published.entries.items()
        if entry.revoked and serial not in copy.entries and entry.at <= now - limits().agreement
    ]
    if lacking:
        detail = f"number {copy.number} instead of {published.number} lacks {', '.join(lacking)}"
        yield Finding(service, Trouble.DISAGREEMENT, subject, detail)


def _hash(der: bytes) -> bytes:
    return hashlib.sha256(der).digest()
