# SPDX-License-Identifier: EUPL-1.2
"""One round: ask everything, judge it, count."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from statistics import median
from urllib.parse import urlsplit

from varmentaja.domain.availability import USELESS, Finding, Round, Service, Tally, Trouble, limits
from varmentaja.observer.ask import Client, Reply
from varmentaja.observer.judge import Judge, agreement, behind, freshness, is_stale, listed, pair
from varmentaja.observer.lists import Published
from varmentaja.observer.openssl import Answer, Digest
from varmentaja.observer.plan import Authority, Lists, Plan, Watched
from varmentaja.observer.questions import (
    DIRECTORY_CERTIFICATE,
    DIRECTORY_DELTA,
    AnyQuestion,
    Question,
    addresses,
    ask_all,
    certificate_question,
    digests,
    directory_question,
    list_attributes,
    list_question,
    online_question,
    status_questions,
)

Findings = Iterator[Finding]


@dataclass(frozen=True, slots=True)
class Shard:
    """The verified lists of a shard."""

    full: Published | None
    delta: Published | None
    has_delta: bool
    """Whether a delta is published beside the full list."""

    @property
    def complete(self) -> Published | None:
        """The full list, unless its delta is missing: alone it may lack what was revoked lately."""
        return None if self.has_delta and self.delta is None else self.full


@dataclass(frozen=True, slots=True)
class Asked:
    """One question about a certificate."""

    question: Question
    subject: str
    digest: Digest
    nonce_of: bytes | None = None
    """The request whose nonce must come back."""


class Observer:
    """Asks in rounds; remembers the highest number of each list."""

    def __init__(self, judge: Judge, client: Client) -> None:
        self._judge = judge
        self._client = client
        self._numbers: dict[str, int] = {}
        self._rounds = count()

    def look(self, plan: Plan, clock: Callable[[], datetime]) -> Round:
        """Ask everything in the plan, and judge it by the time when the answers are there."""
        begun = clock()
        self._judge.begin(plan)
        judge = self._judge
        replies = ask_all(plan, judge.request, judge.request_with_nonce, self._client, next(self._rounds))
        look = _Look(self._judge, plan, replies, self._numbers, clock())
        findings = tuple(dict.fromkeys(look.findings()))
        return Round(
            begun,
            look.tallies(findings),
            findings,
            look.signed_at,
            look.holds_until,
            frozenset(question.service for question, reply in replies.items() if reply.unasked),
        )


class _Look:
    """The replies of one round, looked through."""

    def __init__(
        self,
        judge: Judge,
        plan: Plan,
        replies: dict[AnyQuestion, Reply],
        numbers: dict[str, int],
        now: datetime,
    ) -> None:
        self._judge = judge
        self._plan = plan
        self._replies = replies
        self._numbers = numbers
        self._now = now
        self._counted: dict[Service, list[tuple[str, Reply]]] = defaultdict(list)
        """Replies with their subjects."""
        self.signed_at: datetime | None = None
        """The newest thisUpdate."""
        self.holds_until: datetime | None = None
        """The earliest nextUpdate."""

    def tallies(self, findings: Iterable[Finding]) -> dict[Service, Tally]:
        """The numbers of each service that was asked; a question that led to nothing usable is lost."""
        useless = {(each.service, each.subject) for each in findings if each.trouble in USELESS}
        tallies = {}
        for service, replies in self._counted.items():
            times = [reply.milliseconds for _subject, reply in replies if not reply.unasked] or [0]
            tallies[service] = Tally(
                asked=len(replies),
                lost=sum((service, subject) in useless for subject, _reply in replies),
                median_ms=round(median(times)),
                slowest_ms=max(times),
            )
        return tallies

    def findings(self) -> Findings:
        """All that is wrong."""
        shards: dict[tuple[str, int], Shard] = {}
        yield from self._age_of_plan()
        for authority in self._plan.authorities:
            yield from self._certificate(authority)
            for number, lists in enumerate(authority.lists):
                yield from self._shard(authority, number, lists, shards)
            yield from self._copies(authority, shards)
        for authority in self._plan.authorities:
            if self._plan.directory:
                yield from self._directory(self._plan, authority, shards)
            for watched in authority.watched:
                yield from self._watched(authority, watched, shards)

    def _age_of_plan(self) -> Findings:
        """Told of the lists, which wait for the worker as all the rest does: one alarm is enough."""
        written = self._plan.written_at
        if self._now - written > limits().plan:
            yield Finding(Service.CRL, Trouble.OLD_PLAN, "plan.json", f"written at {written.isoformat()}")

    def _reply(self, question: AnyQuestion, subject: str, into: list[bytes]) -> Findings:
        """Count a reply; its body goes ``into`` the list when there is one."""
        service, reply = question.service, self._replies[question]
        if reply.unasked is not Trouble.SLOW:  # of that nobody knows whether it would have been lost
            self._counted[service].append((subject, reply))
        if reply.problem:
            yield Finding(service, reply.unasked or Trouble.UNREACHABLE, subject, reply.problem)
            return
        if reply.milliseconds > limits().slow.total_seconds() * 1000:
            yield Finding(service, Trouble.SLOW, subject, f"{reply.milliseconds} ms")
        into.append(reply.body)

    def _certificate(self, authority: Authority) -> Findings:
        got: list[bytes] = []
        url = authority.certificate_url
        yield from self._reply(certificate_question(authority), url, got)
        for body in got:
            if problem := self._judge.certificate(body, authority, self._now):
                yield Finding(Service.CERTIFICATES, Trouble.INVALID, url, problem)

    def _shard(
        self, authority: Authority, number: int, lists: Lists, shards: dict[tuple[str, int], Shard]
    ) -> Findings:
        full: list[Published] = []
        delta: list[Published] = []
        yield from self._list(authority, number, list_question(lists.full), lists.full, full)
        if lists.delta:
            yield from self._list(authority, number, list_question(lists.delta), lists.delta, delta)
            if full and delta:
                yield from pair(full[0], delta[0], lists.full, lists.delta)
        one, other = (each[0] if each else None for each in (full, delta))
        shards[authority.name, number] = Shard(one, other, bool(lists.delta))

    def _list(
        self,
        authority: Authority,
        number: int,
        question: AnyQuestion,
        subject: str,
        into: list[Published],
    ) -> Findings:
        service = question.service
        got: list[bytes] = []
        yield from self._reply(question, subject, got)
        for body in got:
            found = self._judge.published(body, authority, number)
            if isinstance(found, str):
                yield Finding(service, Trouble.INVALID, subject, found)
                continue
            into.append(found)
            told = found.verdict
            yield from self._dates(service, subject, told.this_update, told.next_update)
            if found.number < self._numbers.get(subject, found.number):
                detail = f"number {found.number} after {self._numbers[subject]}"
                yield Finding(service, Trouble.GOING_BACK, subject, detail)
            self._numbers[subject] = max(found.number, self._numbers.get(subject, 0))

    def _dates(
        self, service: Service, subject: str, this_update: datetime | None, next_update: datetime | None
    ) -> Findings:
        if service is not Service.DIRECTORY:  # that has copies of the lists
            self.signed_at = max(filter(None, (self.signed_at, this_update)), default=None)
            self.holds_until = min(filter(None, (self.holds_until, next_update)), default=None)
        yield from freshness(service, subject, this_update, next_update, self._now)

    def _copies(self, authority: Authority, shards: dict[tuple[str, int], Shard]) -> Findings:
        """The lists of each responder by itself: the published address may lead to any of them."""
        for copy in authority.copies:
            for number, lists in enumerate(copy.lists):
                for url in addresses([lists]):
                    found: list[Published] = []
                    yield from self._list(authority, number, list_question(url), url, found)
                    full = shards[authority.name, number].full
                    if found and full and url == lists.full:
                        yield from behind(Service.CRL, url, full, found[0], self._now)

    def _directory(self, plan: Plan, authority: Authority, shards: dict[tuple[str, int], Shard]) -> Findings:
        """The same documents over LDAP; a revocation that is published long enough stands there, too."""
        got: list[bytes] = []
        name = authority.directory_name
        question: AnyQuestion = directory_question(plan, name, DIRECTORY_CERTIFICATE)
        yield from self._reply(question, name, got)
        for body in got:
            if problem := self._judge.certificate(body, authority, self._now):
                yield Finding(Service.DIRECTORY, Trouble.INVALID, name, problem)
        for number, lists in enumerate(authority.lists):
            for attribute in list_attributes(authority, lists):
                found: list[Published] = []
                question = directory_question(plan, lists.directory_name, attribute)
                subject = f"{lists.directory_name} ({attribute.partition(';')[0]})"
                yield from self._list(authority, number, question, subject, found)
                full = shards[authority.name, number].full
                if found and full and attribute != DIRECTORY_DELTA:
                    yield from behind(Service.DIRECTORY, subject, full, found[0], self._now)

    def _watched(
        self, authority: Authority, watched: Watched, shards: dict[tuple[str, int], Shard]
    ) -> Findings:
        subject = f"{authority.name}/{watched.serial:x}"
        answers: list[Answer] = []
        for asked in self._asked(authority, watched, subject):
            yield from self._answer(asked, authority, watched, answers)
        shard = shards[authority.name, watched.shard]
        if full := shard.complete:
            for answer in answers if answers else (None,):
                yield from agreement(subject, watched.serial, answer, full, shard.delta, self._now)
            yield from self._known(authority, watched, subject, full, shard.delta, shards)

    def _asked(self, authority: Authority, watched: Watched, subject: str) -> Iterator[Asked]:
        for digest in digests(watched):
            how = f", {digest}" if digest is not Digest.SHA1 else ""
            request = self._judge.request(authority, watched, digest)
            for url in authority.ocsp_urls:
                where = "" if url == authority.ocsp_url else f", {urlsplit(url).netloc}"
                for question in status_questions(url, request):
                    name = f"{subject} ({question.method}{how}{where})"
                    yield Asked(question, name, digest)
            if authority.online_url and watched.certificate:
                request = self._judge.request_with_nonce(authority, watched, digest)
                question = online_question(authority.online_url, request)
                yield Asked(question, f"{subject} (POST{how})", digest, request)

    def _answer(self, asked: Asked, authority: Authority, watched: Watched, into: list[Answer]) -> Findings:
        got: list[bytes] = []
        service, subject = asked.question.service, asked.subject
        yield from self._reply(asked.question, subject, got)
        for body in got:
            told = self._judge.answer(body, authority, watched, self._now, asked.digest, asked.nonce_of)
            if told.problem:
                yield Finding(service, Trouble.INVALID, subject, told.problem)
                continue
            yield from self._dates(service, subject, told.this_update, told.next_update)
            if watched.revoked is not None and told.revoked != watched.revoked:
                yield Finding(service, Trouble.WRONG_STATUS, subject, _statuses(watched, told.revoked))
            into.append(told)

    def _known(
        self,
        authority: Authority,
        watched: Watched,
        subject: str,
        full: Published,
        delta: Published | None,
        shards: dict[tuple[str, int], Shard],
    ) -> Findings:
        """What the lists tell of a certificate whose status is known: of its whole path where we have it."""
        if watched.revoked is None:
            return
        if watched.certificate is None:
            revoked = listed(watched.serial, full, delta)
            if revoked != watched.revoked:
                yield Finding(Service.CRL, Trouble.WRONG_STATUS, subject, _statuses(watched, revoked))
            return
        above = [shards[authority.issued_by, number].complete for number in self._shards_above(authority)]
        fresh = [
            each for each in (full, *above) if each and not is_stale(each.verdict.next_update, self._now)
        ]
        if len(fresh) < 1 + len(above):
            return  # told as stale or unreachable already
        ders = [each.der for each in ([*fresh, delta] if delta else fresh)]
        problem, revoked = self._judge.canary_by_lists(watched.certificate, authority, ders, self._now)
        if problem:
            yield Finding(Service.CRL, Trouble.INVALID, subject, problem)
        elif revoked != watched.revoked:
            yield Finding(Service.CRL, Trouble.WRONG_STATUS, subject, _statuses(watched, revoked))

    def _shards_above(self, authority: Authority) -> range:
        issuer = next(each for each in self._plan.authorities if each.name == authority.issued_by)
        return range(len(issuer.lists))


def _statuses(watched: Watched, revoked: bool) -> str:
    told, known = ("revoked" if each else "good" for each in (revoked, bool(watched.revoked)))
    return f"told to be {told}, known to be {known}"
