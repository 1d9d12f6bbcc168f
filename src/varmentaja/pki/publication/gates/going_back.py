# SPDX-License-Identifier: EUPL-1.2
"""Numbers grow, nothing revoked turns good, and no list forgets what it held."""

from __future__ import annotations

from collections.abc import Iterator

from varmentaja.domain.errors import message
from varmentaja.domain.publication_gate import Finding, Gate
from varmentaja.pki.publication.gates.judging import by_authority, first_of
from varmentaja.pki.publication.gates.reading import FreshList, fresh, is_revoked
from varmentaja.pki.publication.publisher import Candidate


def going_back(candidate: Candidate) -> Iterator[Finding]:
    """Compare what is new with what it takes the place of."""
    if candidate.before and candidate.after.head.goes_back(candidate.before.head):
        yield Finding(Gate.GOING_BACK, "", 1, message("The number of the set goes back."))
    lists = fresh(candidate).lists
    for each in lists:
        if each.now.number != each.published.ref.number or (
            each.before and each.now.number <= each.before.number
        ):
            text = message("The number of the list %(name)s goes back.", name=each.subject)
            yield Finding(Gate.GOING_BACK, each.subject, 1, text)
    restored = {
        answer.name for answer in fresh(candidate).answers if answer.was_revoked and answer.is_not_revoked
    }
    for each in lists:
        restored |= {(each.authority, serial) for serial in _forgotten(candidate, each)}
    for authority, names in by_authority(restored):
        text = message(
            "%(count)d revoked certificates of %(name)s would be good again, or be missing from their list.",
            count=len(names),
            name=authority,
        )
        yield Finding(Gate.GOING_BACK, authority, len(names), text, first_of(names))


def _forgotten(candidate: Candidate, each: FreshList) -> Iterator[int]:
    """What has expired leaves the list, but only after its answer was withdrawn."""
    if not each.is_delta:
        for serial in each.dropped:
            if is_revoked(candidate.after, each.authority, serial) is not None:
                yield serial
