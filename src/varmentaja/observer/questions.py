# SPDX-License-Identifier: EUPL-1.2
"""Every question of a round, and its replies: all asked together, so that they are of one moment."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from varmentaja.observer.ask import Client, Reply
from varmentaja.observer.directory import read_attribute
from varmentaja.observer.openssl import Digest
from varmentaja.observer.plan import Authority, Lists, Plan, Watched

_AT_ONCE = 16
_REQUEST, _ANSWER = "application/ocsp-request", "application/ocsp-response"
DIRECTORY_CERTIFICATE = "cACertificate;binary"
DIRECTORY_LIST, DIRECTORY_DELTA = "certificateRevocationList;binary", "deltaRevocationList;binary"
"""RFC 4523."""
_LIST, _CERTIFICATE = "application/pkix-crl", "application/pkix-cert"


@dataclass(frozen=True, slots=True)
class Question:
    """One request over HTTP."""

    method: str
    url: str
    media_type: str
    """That the answer must have."""
    body: bytes = b""

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

    def put(self, client: Client) -> Reply:
        """Ask, over a connection of its own."""
        return read_attribute(self.address, self.name, self.attribute, self.authority)


Ask = Callable[[Authority, Watched, Digest], bytes]
"""Makes the request about a certificate."""
AnyQuestion = Question | DirectoryQuestion


def certificate_question(authority: Authority) -> Question:
    """For the authority's certificate."""
    return Question("GET", authority.certificate_url, _CERTIFICATE)


def list_question(url: str) -> Question:
    """For a revocation list."""
    return Question("GET", url, _LIST)


def status_questions(url: str, request: bytes) -> list[Question]:
    """For the status of one certificate, by GET and by POST (RFC 6960 A.1)."""
    encoded = quote(base64.b64encode(request), safe="")
    return [Question("GET", f"{url}/{encoded}", _ANSWER), online_question(url, request)]


def online_question(url: str, request: bytes) -> Question:
    """For the status of one certificate by POST."""
    return Question("POST", url, _ANSWER, request)


def directory_question(plan: Plan, name: str, attribute: str) -> DirectoryQuestion:
    """For an attribute of an entry."""
    assert plan.directory is not None, "there is a directory"
    return DirectoryQuestion(plan.directory, name, attribute, plan.directory_authority)


def ask_all(plan: Plan, request: Ask, request_with_nonce: Ask, client: Client) -> dict[AnyQuestion, Reply]:
    """Ask everything in the plan."""
    questions = list(dict.fromkeys(_questions(plan, request, request_with_nonce)))
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        replies: Iterable[Reply] = pool.map(lambda question: question.put(client), questions)
        return dict(zip(questions, replies, strict=True))


def _questions(plan: Plan, request: Ask, request_with_nonce: Ask) -> Iterator[AnyQuestion]:
    for authority in plan.authorities:
        yield certificate_question(authority)
        for shards in (authority.lists, *(copy.lists for copy in authority.copies)):
            yield from map(list_question, addresses(shards))
        if plan.directory:
            yield directory_question(plan, authority.directory_name, DIRECTORY_CERTIFICATE)
            for lists in authority.lists:
                yield directory_question(plan, lists.directory_name, DIRECTORY_LIST)
                if lists.delta:
                    yield directory_question(plan, lists.directory_name, DIRECTORY_DELTA)
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


def addresses(lists: Iterable[Lists]) -> Iterator[str]:
    """Of full lists and deltas."""
    for each in lists:
        yield each.full
        if each.delta:
            yield each.delta
