# SPDX-License-Identifier: EUPL-1.2
"""A set that takes the place of a newer or a lost one says all that the records say was told.

Every certificate is looked at, which takes a minute at a nation's size. So it is done only then: ordinary
publications are judged by what is new in them.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from cryptography.x509 import ocsp
from django.db.models import Q

from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.status.publication import Position, position
from varmentaja.domain.certificates import CertificateState
from varmentaja.domain.errors import Message, message
from varmentaja.domain.publication_gate import MOST_NAMED, CertificateName, Finding, Gate
from varmentaja.pki.publication import Candidate, Snapshot, gates

_JUST_NOW = timedelta(hours=1)
"""What is due sooner may be new, and not be answered yet; an answer is due 20 hours after it was signed."""
_CHUNK = 5000


def covers(last: Position, *, now: datetime) -> gates.Rule:
    """``last`` is the last publication that the records know of."""

    def judge(candidate: Candidate) -> Iterator[Finding]:
        if not _takes_over(candidate, last):
            return
        missing, good = _Found(), _Found()
        for authority, serial, state in _told(now):
            name = authority, int(serial, 16)
            if not gates.says_something(candidate.after, *name):
                missing.add(name)
            elif state == CertificateState.REVOKED and _is_good(candidate.after, name):
                good.add(name)
        yield from missing.findings(
            Gate.GONE, message("%(count)d certificates would lose their answer.", count=missing.count)
        )
        yield from good.findings(
            Gate.GOING_BACK, message("%(count)d revoked certificates would be good again.", count=good.count)
        )

    return judge


class _Found:
    """How many, and which, as far as a finding names them."""

    def __init__(self) -> None:
        self.count = 0
        self._first: list[CertificateName] = []

    def add(self, name: CertificateName) -> None:
        self.count += 1
        if self.count <= MOST_NAMED:
            self._first.append(name)

    def findings(self, gate: Gate, text: Message) -> Iterator[Finding]:
        if self.count:
            yield Finding(gate, "", self.count, text, gates.first_of(self._first))


def _takes_over(candidate: Candidate, last: Position) -> bool:
    """Whether followers would leave for it what is not there to compare with."""
    before = candidate.before
    return candidate.after.head.set.number >= last[0] and (before is None or position(before.head) < last)


def _told(now: datetime) -> Iterator[tuple[str, str, str]]:
    """What the records say is answered or told of as revoked."""
    answered = Q(answer_due_at__gt=now + _JUST_NOW)
    revoked = Q(state=CertificateState.REVOKED, first_listed__isnull=False, answer_due_at__isnull=False)
    rows = Certificate.objects.filter(answered | revoked)
    return rows.values_list("authority", "serial", "state").iterator(chunk_size=_CHUNK)


def _is_good(snapshot: Snapshot, name: CertificateName) -> bool:
    return gates.statuses(snapshot, *name) != {ocsp.OCSPCertStatus.REVOKED}
