# SPDX-License-Identifier: EUPL-1.2
"""Other people's programs look at what is about to be published."""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Protocol

from varmentaja.domain.errors import message
from varmentaja.domain.publication_gate import Finding, Gate
from varmentaja.pki.publication.gates.judging import Rule, by_authority, first_of
from varmentaja.pki.publication.gates.reading import FreshAnswer, fresh
from varmentaja.pki.publication.publisher import Candidate


@dataclass(frozen=True, slots=True)
class Document:
    """An answer or a list to look at."""

    authority: str
    certificate: bytes
    """Of the authority, DER."""
    der: bytes | mmap.mmap
    serial: int = 0
    """Of the certificate that an answer is about."""
    hash_name: str = ""
    """Of an answer's CertID: ``sha1`` or ``sha256``; empty for a list."""
    entries: int = 0
    """Of a list."""


class CannotVerify(Exception):
    """The verifier could not be asked: it is missing, has crashed or took too long."""


class Verifier(Protocol):
    """Another program's eyes."""

    name: str

    def refusals(self, documents: Sequence[Document]) -> Sequence[str | None]:
        """For each document why it is refused, or None. Raises ``CannotVerify``."""


def unreadable(candidate: Candidate) -> Iterator[Finding]:
    """Every new answer and list can be read at all; what cannot, no other rule has looked at."""
    for authority, names in by_authority(fresh(candidate).unreadable):
        text = message("%(count)d answers of %(name)s cannot be read.", count=len(names), name=authority)
        yield Finding(Gate.REJECTED, authority, len(names), text, first_of(names))
    for subject in fresh(candidate).unreadable_lists:
        text = message("The list %(name)s cannot be read.", name=subject)
        yield Finding(Gate.REJECTED, subject, 1, text)


@dataclass(frozen=True, slots=True)
class Sample:
    """How many new answers of an authority other programs look at."""

    least: int
    """With so few, all."""
    share: float
    """Of many, this part of them."""
    choose: Callable[[Sequence[FreshAnswer], int], Sequence[FreshAnswer]]
    """Draws so many at random."""

    def of(self, answers: Sequence[FreshAnswer]) -> Sequence[FreshAnswer]:
        """Those to look at."""
        return self.choose(answers, min(len(answers), max(self.least, ceil(self.share * len(answers)))))


def independent(verifier: Verifier, sample: Sample) -> Rule:
    """Another implementation accepts every new list and a sample of each authority's new answers."""

    def judge(candidate: Candidate) -> Iterator[Finding]:
        documents = [*_answers(candidate, sample), *_lists(candidate)]
        try:
            refusals = verifier.refusals(documents)
        except CannotVerify as error:  # what nobody has looked at is not published
            text = message(
                "The independent verifier %(name)s could not be asked: %(reason)s",
                name=verifier.name,
                reason=str(error),
            )
            yield Finding(Gate.REJECTED, verifier.name, 1, text)
            return
        refused: dict[str, list[str]] = {}
        for document, refusal in zip(documents, refusals, strict=True):
            if refusal:
                refused.setdefault(document.authority, []).append(refusal)
        for authority, reasons in refused.items():
            text = message(
                "%(verifier)s refuses %(count)d documents of %(name)s: %(reason)s",
                verifier=verifier.name,
                count=len(reasons),
                name=authority,
                reason=reasons[0],
            )
            yield Finding(Gate.REJECTED, f"{authority}/{verifier.name}", len(reasons), text)

    return judge


def _answers(candidate: Candidate, sample: Sample) -> Iterator[Document]:
    """Both forms of the chosen answers."""
    found: dict[str, list[FreshAnswer]] = {}
    for answer in fresh(candidate).answers:
        found.setdefault(answer.authority, []).append(answer)
    for authority, answers in found.items():
        certificate = candidate.after.certificates[authority]
        for answer in sample.of(answers):
            yield Document(authority, certificate, answer.sha1, answer.serial, "sha1")
            yield Document(authority, certificate, answer.sha256, answer.serial, "sha256")


def _lists(candidate: Candidate) -> Iterator[Document]:
    for each in fresh(candidate).lists:
        certificate = candidate.after.certificates[each.authority]
        yield Document(each.authority, certificate, each.published.der, entries=len(each.now.entries))
