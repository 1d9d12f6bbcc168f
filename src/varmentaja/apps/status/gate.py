# SPDX-License-Identifier: EUPL-1.2
"""The gate before each publication: the rules with today's figures, and what two officers let through."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from enum import Enum, auto
from random import SystemRandom

from django.db.models import Exists, OuterRef, Subquery, Sum

from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.status import covering
from varmentaja.apps.status.clock import one_time
from varmentaja.apps.status.independent import OpenSsl, PkiLint
from varmentaja.apps.status.models import Canary, Hold, Publication
from varmentaja.apps.status.publication import Position
from varmentaja.apps.status.told import last_told, revoked_in_records, told, told_by
from varmentaja.domain import publication_gate
from varmentaja.domain.errors import message
from varmentaja.domain.publication_gate import (
    CertificateName,
    Finding,
    Gate,
    HoldState,
    Seen,
    covers,
    used_up,
)
from varmentaja.pki.publication import Candidate, gates


class During(Enum):
    """What is published while everything is made anew after a loss."""

    STEP = auto()
    """A part of the set, which nobody follows yet."""
    OVER_OLD = auto()
    """Revocations over what a backup left behind."""
    END = auto()
    """The whole set is put in force."""


class PublicationGate:
    """Judges one publication and remembers what it let through. Made before anything is signed, so that what
    is signed is at least as new as what is known here."""

    def __init__(self, last: Position, *, now: datetime, during: During | None = None) -> None:
        """``last`` is the last publication that the records know of."""
        limits = publication_gate.limits()
        sample = gates.Sample(limits.sample, limits.share, SystemRandom().sample)
        # At the end the records say what must be there; in between, certificates may have ended.
        looked_for = 0 if during is During.END else limits.looked_for
        released = Hold.objects.filter(state=HoldState.RELEASED, agreed_at__gt=now - limits.release)
        self._released = {row.pk: seen_of(row) for row in released.order_by("id")}
        self._is_first = not Publication.objects.exists()
        self._turned = gates.once(self._find_turned)
        last_known = last_told()  # what the other lane tells from now on may be good in what was read before
        self._restored = gates.once(lambda candidate: told_by(last_known, gates.newly_good(candidate)))
        revocations, withdrawals = _recent(now - limits.window)
        self._rules: list[gates.Rule] = [
            gates.unreadable,
            gates.jump(revocations, limits.most, self._turned),
            gates.gone(withdrawals, limits.most_gone, limits.gone_percent, looked_for),
            one_time(),
            gates.wrong_issuer,
            gates.going_back,
            gates.canaries(_canaries(now)),
            gates.disagreement,
            gates.listed_but_good,
            self._against_what_was_told,
            self._against_the_records,
            gates.wrongly_signed,
            gates.independent(OpenSsl(limits.verifying), sample),
            gates.independent(PkiLint(limits.entries), sample),
        ]
        if not self._is_first and during is not During.STEP:
            self._rules.append(covering.covers(last, now=now))
        self._let_through: set[Gate] = set()
        self.used: dict[int, int] = {}
        """The releases that this publication needed, by id, and how much of each it uses up."""
        self.revoked: frozenset[CertificateName] = frozenset()
        """Certificates that it tells of as revoked and the one before did not."""
        self.restored: frozenset[CertificateName] = frozenset()
        """Certificates that were told of as revoked and are good again, by two officers' word."""
        self.turned = 0
        """How many of them nobody has ever been told of."""
        self.counts: dict[str, int] = {}
        """What counts towards the next ones of the window; what two officers let through does not."""

    def __call__(self, candidate: Candidate) -> None:
        """Raise ``Held`` for what no release covers."""
        self._spent: dict[int, int] = {}
        if held := gates.findings_of(candidate, self._rules, self._is_covered):
            raise gates.Held(held)
        # A set that is judged once more is told of once.
        self.used |= {each: max(spent, self.used.get(each, 0)) for each, spent in self._spent.items()}
        turned, withdrawn = len(self._turned(candidate)), gates.newly_withdrawn(candidate)
        # A set that is judged once more under what has overtaken it has lost nothing that counts.
        self.revoked |= gates.newly_revoked(candidate)
        self.restored = frozenset(
            name
            for name in self.restored | self._restored(candidate)
            if not gates.is_revoked(candidate.after, *name)  # again, by what has overtaken
        )
        self.turned = max(self.turned, turned)
        self._count("revocations", 0 if Gate.JUMP in self._let_through else turned)
        self._count("withdrawals", 0 if Gate.GONE in self._let_through else withdrawn)

    def _count(self, what: str, number: int) -> None:
        self.counts[what] = max(self.counts.get(what, 0), number)

    def _is_covered(self, finding: Finding) -> bool:
        """Whether two officers have let this through."""
        for hold_id, seen in self._released.items():
            spent = self._spent.get(hold_id, 0)
            if covers(replace(seen, count=seen.count - spent), finding):
                self._spent[hold_id] = spent + used_up(seen, finding)
                self._let_through.add(finding.gate)
                return True
        return False

    def _find_turned(self, candidate: Candidate) -> frozenset[CertificateName]:
        """What turns revoked. Where the folder was lost or is older than the records, these say what had been
        told; before the very first publication nobody has been told anything, and nothing turns."""
        if self._is_first:
            return frozenset()
        names = gates.newly_revoked(candidate)
        return names - told(names)

    def _against_what_was_told(self, candidate: Candidate) -> Iterator[Finding]:
        """As ``going_back``, where what was published before is lost or old."""
        for authority, names in gates.by_authority(self._restored(candidate)):
            text = message(
                "%(count)d certificates of %(name)s would be good that have been told of as revoked.",
                count=len(names),
                name=authority,
            )
            yield Finding(Gate.GOING_BACK, authority, len(names), text, gates.first_of(names))

    def _against_the_records(self, candidate: Candidate) -> Iterator[Finding]:
        turned = self._turned(candidate)
        if wrong := turned - revoked_in_records(turned):
            text = message(
                "%(count)d certificates would turn revoked that are not revoked in the records.",
                count=len(wrong),
            )
            yield Finding(Gate.DISAGREEMENT, "", len(wrong), text, gates.first_of(wrong))


def seen_of(row: Hold) -> Seen:
    """What officers see of a hold."""
    names = frozenset((authority, int(serial, 16)) for authority, serial in row.certificates)
    return Seen(Gate(row.gate), row.subject, row.count, names)


def _recent(since: datetime) -> tuple[int, int]:
    found = Publication.objects.filter(published_at__gt=since).aggregate(
        revocations=Sum("revocations"), withdrawals=Sum("withdrawals")
    )
    return found["revocations"] or 0, found["withdrawals"] or 0


def _canaries(now: datetime) -> list[gates.Canary]:
    """Those whose certificates have not ended: of what has ended nothing need be said."""
    lasting = Certificate.objects.filter(
        authority=OuterRef("authority"), serial=OuterRef("serial"), not_after__gt=now
    )
    found = Canary.objects.filter(Exists(lasting)).annotate(shard=Subquery(lasting.values("shard")))
    return [
        gates.Canary(each.authority, int(each.serial, 16), each.revoked, str(each.shard)) for each in found
    ]
