# SPDX-License-Identifier: EUPL-1.2
"""How much may change at once: revocations, as on the night of April 2023, and answers that disappear."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

from varmentaja.domain.errors import message
from varmentaja.domain.publication_gate import MOST_SHOWN, CertificateName, Finding, Gate
from varmentaja.pki.publication.gates.judging import Rule, by_authority, first_of
from varmentaja.pki.publication.gates.reading import fresh, is_revoked, list_of, once, says_something
from varmentaja.pki.publication.publisher import Candidate
from varmentaja.pki.publication.reader import Snapshot
from varmentaja.pki.publication.segment import Segment


@once
def newly_revoked(candidate: Candidate) -> frozenset[CertificateName]:
    """Certificates that turn revoked for relying parties: by an answer or a list, and told by neither before.

    A list may be ahead of the answers, and answers of a list: each certificate counts once.
    """
    turned = {
        answer.name for answer in fresh(candidate).answers if answer.is_revoked and not answer.was_revoked
    }
    for each in fresh(candidate).lists:
        turned |= {(each.authority, serial) for serial in each.added}
    return frozenset(turned - _told_before(candidate, turned))


def newly_good(candidate: Candidate) -> frozenset[CertificateName]:
    """Certificates that new answers call good."""
    return frozenset(answer.name for answer in fresh(candidate).answers if answer.is_not_revoked)


def newly_withdrawn(candidate: Candidate) -> int:
    """Certificates of which nothing is said any more."""
    return len(fresh(candidate).withdrawn)


def jump(
    recent: int, most: int, turned: Callable[[Candidate], frozenset[CertificateName]] = newly_revoked
) -> Rule:
    """At most ``most`` newly revoked with the ``recent`` ones published within the window."""

    def judge(candidate: Candidate) -> Iterator[Finding]:
        names = turned(candidate)
        count = recent + len(names)
        if names and count > most:
            text = message(
                "%(count)d certificates would turn revoked within a short time; %(most)d is the most"
                " that passes without two officers.",
                count=count,
                most=most,
            )
            yield Finding(Gate.JUMP, "", count, text, first_of(names, MOST_SHOWN))

    return judge


def gone(recent: int, most: int, percent: int, looked_for: int) -> Rule:
    """Few answers are withdrawn, with the ``recent`` ones; what was published and is not withdrawn is there.

    ``looked_for`` answers of each segment, evenly spread, are looked for: a lost segment loses some of them.
    """
    return partial(_gone, recent, most, percent, looked_for)


def _gone(recent: int, most: int, percent: int, looked_for: int, candidate: Candidate) -> Iterator[Finding]:
    before = candidate.before
    if before is None:
        return
    withdrawn = fresh(candidate).withdrawn
    allowed = max(most, _size(before) * percent // 100)
    count = recent + len(withdrawn)
    if withdrawn and count > allowed:
        text = message(
            "%(count)d answers would be withdrawn within a short time; %(most)d is the most that passes"
            " without two officers.",
            count=count,
            most=allowed,
        )
        yield Finding(Gate.GONE, "", count, text, first_of(withdrawn))
    lost = {
        (authority, serial)
        for authority in before.certificates
        for serial in _spread(before.segments(authority), looked_for)
        if says_something(before, authority, serial)
        and not says_something(candidate.after, authority, serial)
    }
    for authority, names in by_authority(lost - withdrawn):
        text = message(
            "At least %(count)d answers of %(name)s are missing.", count=len(names), name=authority
        )
        yield Finding(Gate.GONE, authority, len(names), text, first_of(names))
    for authority, shard in sorted(set(before.crls) - set(candidate.after.crls)):
        subject = f"{authority}/{shard}"
        yield Finding(Gate.GONE, subject, 1, message("The list %(name)s is missing.", name=subject))


def _told_before(candidate: Candidate, names: set[CertificateName]) -> set[CertificateName]:
    """By an answer, or by any list of the authority; what a list has added was not in the one before it."""
    before = candidate.before
    if before is None:
        return set()
    told = {name for name in names if is_revoked(before, *name)}
    added = {(each.authority, each.shard): each.added for each in fresh(candidate).lists}
    for authority, others in by_authority(names - told):
        serials = frozenset(serial for _, serial in others)
        for place in before.crls:
            if place[0] == authority and (said := list_of(before, *place)):
                missing = serials - added.get(place, frozenset())
                told |= {(authority, serial) for serial in said.entries.named(missing)}
    return told


def _size(snapshot: Snapshot) -> int:
    """About how many answers it has; what lies in two segments counts twice."""
    return sum(len(segment) for name in snapshot.certificates for segment in snapshot.segments(name))


def _spread(segments: tuple[Segment, ...], count: int) -> Iterator[int]:
    for segment in segments:
        for position in range(0, len(segment), len(segment) // count + 1) if count else ():
            yield segment[position].serial
