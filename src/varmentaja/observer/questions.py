# SPDX-License-Identifier: EUPL-1.2
"""Every question of a round, and its replies: all asked together, so that they are of one moment.

Each service of each host is asked by threads of its own: one that hangs takes no time from the others.
"""

from __future__ import annotations

import base64
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from itertools import zip_longest
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from varmentaja.domain.availability import Service, Trouble, limits
from varmentaja.observer.ask import Client, Reply
from varmentaja.observer.directory import read_attribute
from varmentaja.observer.openssl import Digest
from varmentaja.observer.plan import Authority, Lists, Plan, Watched

_AT_ONCE = 8
"""Questions to one service of one host."""
_GOLDEN = 0.618034
_NO_TIME = "not asked: the questions before it took all the time of the round"
_REQUEST, _ANSWER = "application/ocsp-request", "application/ocsp-response"
DIRECTORY_CERTIFICATE = "cACertificate;binary"
DIRECTORY_LIST, DIRECTORY_DELTA = "certificateRevocationList;binary", "deltaRevocationList;binary"
DIRECTORY_AUTHORITIES = "authorityRevocationList;binary"
"""RFC 4523."""
_LIST, _CERTIFICATE = "application/pkix-crl", "application/pkix-cert"


@dataclass(frozen=True, slots=True)
class Question:
    """One request over HTTP."""

    service: Service
    method: str
    url: str
    media_type: str
    """That the answer must have."""
    body: bytes = b""

    @property
    def place(self) -> tuple[Service, str]:
        """The service and its host."""
        return self.service, urlsplit(self.url).netloc

    def put(self, client: Client) -> Reply:
        """Ask."""
        if self.method == "GET":
            return client.get(self.url, self.media_type)
        return client.post(self.url, self.body, _REQUEST, self.media_type)


@dataclass(frozen=True, slots=True)
class DirectoryQuestion:
    """One attribute over LDAP."""

    address: str
    name: str
    attribute: str
    authority: Path | None
    """Who certifies the server."""
    service = Service.DIRECTORY

    @property
    def place(self) -> tuple[Service, str]:
        """The service and its host."""
        return self.service, self.address

    def put(self, client: Client) -> Reply:
        """Ask, over a connection of its own."""
        return read_attribute(self.address, self.name, self.attribute, self.authority)


Ask = Callable[[Authority, Watched, Digest], bytes]
"""Makes the request about a certificate."""
AnyQuestion = Question | DirectoryQuestion


def certificate_question(authority: Authority) -> Question:
    """For the authority's certificate."""
    return Question(Service.CERTIFICATES, "GET", authority.certificate_url, _CERTIFICATE)


def list_question(url: str) -> Question:
    """For a revocation list."""
    return Question(Service.CRL, "GET", url, _LIST)


def status_questions(url: str, request: bytes) -> list[Question]:
    """For the status of one certificate, by GET and by POST (RFC 6960 A.1)."""
    encoded = quote(base64.b64encode(request), safe="")
    return [
        Question(Service.OCSP, "GET", f"{url}/{encoded}", _ANSWER),
        Question(Service.OCSP, "POST", url, _ANSWER, request),
    ]


def online_question(url: str, request: bytes) -> Question:
    """For the status of one certificate, signed on the spot, by POST."""
    return Question(Service.ONLINE, "POST", url, _ANSWER, request)


def directory_question(plan: Plan, name: str, attribute: str) -> DirectoryQuestion:
    """For an attribute of an entry."""
    assert plan.directory is not None, "there is a directory"
    return DirectoryQuestion(plan.directory, name, attribute, plan.directory_authority)


def ask_all(
    plan: Plan, request: Ask, request_with_nonce: Ask, client: Client, number: int
) -> dict[AnyQuestion, Reply]:
    """Ask everything in the plan, in another order in each round: there may be no time for the last ones."""
    places = _in_turns(plan, request, request_with_nonce, number)
    deadline = time.monotonic() + limits().asking.total_seconds()
    with ExitStack() as stack:
        asking = []
        for questions in places.values():
            patience = _Patience(client, deadline)
            replies = stack.enter_context(ThreadPoolExecutor(_AT_ONCE)).map(patience.ask, questions)
            asking.append((patience, questions, replies))
    return {
        question: patience.last_word(reply)
        for patience, questions, replies in asking
        for question, reply in zip(questions, replies, strict=True)
    }


class _Patience:
    """Asks one place until it has hung too often, or the round's time is up: the rest is not asked.

    A round of hundreds of questions that each wait for their end would outlast the silence that is taken for
    a dead observer. What is left counts as unanswered, unless answers come, only too slowly for all of them.
    """

    def __init__(self, client: Client, deadline: float) -> None:
        self._client = client
        self._deadline = deadline
        self._lost = limits().lost.total_seconds()
        self._heard = False
        """Whether one was asked: nothing is called unreachable before."""
        self._answers = False
        self._in_vain = 0
        """Questions that waited for their end, none answered between them; two threads may miss one."""

    def ask(self, question: AnyQuestion) -> Reply:
        """The reply, or why there was no time for the question."""
        begun = time.monotonic()
        if self._in_vain >= limits().in_vain:
            return _unasked("not asked: the questions before it had no answer in time")
        if begun >= self._deadline and self._heard:
            return _unasked(_NO_TIME)
        self._heard = True
        reply = question.put(self._client)
        hung = reply.problem and time.monotonic() - begun >= self._lost
        self._in_vain = self._in_vain + 1 if hung else 0
        if not reply.problem:
            self._answers = True
        return reply

    def last_word(self, reply: Reply) -> Reply:
        """When all is asked: whether there was an answer may show after the time was up."""
        late = self._answers and reply.problem == _NO_TIME
        return replace(reply, unasked=Trouble.SLOW) if late else reply


def _unasked(why: str) -> Reply:
    return Reply(b"", 0, why, Trouble.UNREACHABLE)


def _in_turns(
    plan: Plan, request: Ask, request_with_nonce: Ask, number: int
) -> dict[tuple[Service, str], list[AnyQuestion]]:
    """The questions to each place: one about each authority in turn, so that others have been asked before
    one that hangs holds all threads."""
    places: dict[tuple[Service, str], dict[str, list[AnyQuestion]]] = defaultdict(lambda: defaultdict(list))
    seen: set[AnyQuestion] = set()
    for authority in plan.authorities:
        for question in _questions(plan, authority, request, request_with_nonce):
            if question not in seen:
                seen.add(question)
                places[question.place][authority.name].append(question)
    return {place: _interleaved(by_authority.values(), number) for place, by_authority in places.items()}


def _interleaved(lists: Iterable[list[AnyQuestion]], number: int) -> list[AnyQuestion]:
    turned = [_turned(each, number) for each in _turned(list(lists), number)]
    return [each for turn in zip_longest(*turned) for each in turn if each is not None]


def _turned(them: list[Any], number: int) -> list[Any]:
    """Begun elsewhere; by the golden section the beginnings soon lie evenly, however long the list."""
    begin = int(number * _GOLDEN % 1 * len(them))
    return them[begin:] + them[:begin]


def _questions(
    plan: Plan, authority: Authority, request: Ask, request_with_nonce: Ask
) -> Iterator[AnyQuestion]:
    yield certificate_question(authority)
    for shards in (authority.lists, *(copy.lists for copy in authority.copies)):
        yield from map(list_question, addresses(shards))
    if plan.directory:
        yield directory_question(plan, authority.directory_name, DIRECTORY_CERTIFICATE)
        for lists in authority.lists:
            for attribute in list_attributes(authority, lists):
                yield directory_question(plan, lists.directory_name, attribute)
    for watched in authority.watched:
        for digest in digests(watched):
            for url in authority.ocsp_urls:
                yield from status_questions(url, request(authority, watched, digest))
            if authority.online_url and watched.certificate:
                asked = request_with_nonce(authority, watched, digest)
                yield online_question(authority.online_url, asked)


def digests(watched: Watched) -> tuple[Digest, ...]:
    """How its status is asked: as most do, and of a canary as some do, since that is another answer."""
    return tuple(Digest) if watched.certificate else (Digest.SHA1,)


def list_attributes(authority: Authority, lists: Lists) -> Iterator[str]:
    """Where a shard's lists stand in the directory; a root's whole list stands there twice."""
    yield DIRECTORY_LIST
    if authority.issued_by == authority.name and len(authority.lists) == 1:
        yield DIRECTORY_AUTHORITIES
    if lists.delta:
        yield DIRECTORY_DELTA


def addresses(lists: Iterable[Lists]) -> Iterator[str]:
    """Of full lists and deltas."""
    for each in lists:
        yield each.full
        if each.delta:
            yield each.delta
