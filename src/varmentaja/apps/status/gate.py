# SPDX-License-Identifier: EUPL-1.2
"""The gate before each publication: the rules with today's figures, and what two officers let through."""

from __future__ import annotations

import shutil
from datetime import datetime

import structlog
from django.db.models import Sum

from varmentaja.apps.status.independent import OpenSsl
from varmentaja.apps.status.models import Canary, Hold, Publication
from varmentaja.domain import publication_gate
from varmentaja.domain.publication_gate import Finding, HoldState
from varmentaja.pki.publication import Candidate, gates

_log = structlog.get_logger("status")


class PublicationGate:
    """Judges one publication and remembers what it let through."""

    def __init__(self, *, now: datetime) -> None:
        limits = publication_gate.limits()
        self._allowance = limits.most
        self._released = list(
            Hold.objects.filter(state=HoldState.RELEASED, agreed_at__gt=now - limits.release).order_by("id")
        )
        self._rules: list[gates.Rule] = [
            gates.jump(_recent(now - limits.window), limits.most),
            gates.wrong_issuer,
            gates.going_back,
            gates.canaries(
                [gates.Canary(c.authority, int(c.serial, 16), c.revoked) for c in Canary.objects.all()]
            ),
        ]
        if path := shutil.which("openssl"):
            self._rules.append(gates.independent(OpenSsl(path), limits.sample))
        else:
            _log.warning("no_independent_verifier", program="openssl")
        self.used: set[int] = set()
        """Ids of the releases that this publication needed."""
        self.revocations = 0
        """Certificates that turned revoked with it."""

    def __call__(self, candidate: Candidate) -> None:
        """Raise ``Held`` for what no release covers."""
        findings = [
            finding for finding in gates.findings_of(candidate, self._rules) if not self._is_covered(finding)
        ]
        if findings:
            raise gates.Held(findings)
        self.revocations = gates.newly_revoked(candidate)

    def _is_covered(self, finding: Finding) -> bool:
        """Whether two officers have let this through; an ordinary number of revocations more is no matter."""
        for hold in self._released:
            most = hold.count + (self._allowance if finding.gate is publication_gate.Gate.JUMP else 0)
            if (hold.gate, hold.subject) == (finding.gate, finding.subject) and finding.count <= most:
                self.used.add(hold.pk)
                return True
        return False


def _recent(since: datetime) -> int:
    found = Publication.objects.filter(published_at__gt=since).aggregate(sum=Sum("revocations"))
    return found["sum"] or 0
