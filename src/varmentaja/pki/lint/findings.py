# SPDX-License-Identifier: EUPL-1.2
"""Findings, and the judgement over them: expected ones must occur, other errors stop."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from varmentaja.domain.errors import DomainError, Kind, message
from varmentaja.pki.algorithms import KeyAlgorithm
from varmentaja.pki.profile import ExpectedFinding, Occasion


class Severity(StrEnum):
    """pkilint's severities, most serious first."""

    FATAL = "fatal"
    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"
    INFO = "info"
    DEBUG = "debug"


STOPPING = {Severity.FATAL, Severity.ERROR}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a linter says: the rule's code, where in the structure, and details."""

    code: str
    severity: Severity
    location: str
    detail: str = ""


class CertificateRefused(DomainError):
    """A certificate did not pass its checks and was not signed; ``findings`` says why.

    The fault is ours (a profile, the hierarchy, a linter that was upgraded), never the holder's: what waits
    for the certificate is held until it is mended, and not thrown away.
    """

    def __init__(self, findings: Sequence[Finding]) -> None:
        codes = ", ".join(sorted({finding.code for finding in findings}))
        super().__init__(
            Kind.UNAVAILABLE, message("The certificate does not pass its checks: %(codes)s", codes=codes)
        )
        self.findings = tuple(findings)


def judge(
    findings: Iterable[Finding],
    expected: Sequence[ExpectedFinding],
    algorithm: KeyAlgorithm,
    occasions: frozenset[Occasion],
) -> tuple[Finding, ...]:
    """Hold findings against the expected ones; returns those accepted or not serious.

    Raises `CertificateRefused` for an ERROR or FATAL that is not expected, and for an expected finding that
    no longer occurs (its entry in the profile is then out of date).
    """
    found = tuple(findings)
    due = [entry for entry in expected if _is_due(entry, algorithm, occasions)]
    known = {(entry.code, entry.location) for entry in due}
    wrong = [f for f in found if f.severity in STOPPING and (f.code, f.location) not in known]
    occurred = {(f.code, f.location) for f in found}
    wrong += [
        Finding("varmentaja.expected_finding_missing", Severity.ERROR, entry.location, entry.code)
        for entry in due
        if (entry.code, entry.location) not in occurred
    ]
    if wrong:
        raise CertificateRefused(wrong)
    return found


def _is_due(entry: ExpectedFinding, algorithm: KeyAlgorithm, occasions: frozenset[Occasion]) -> bool:
    return (not entry.algorithms or algorithm in entry.algorithms) and set(entry.when) <= occasions
