# SPDX-License-Identifier: EUPL-1.2
"""What a rule is, and what becomes of its findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice

from varmentaja.domain.errors import DomainError, Kind, message
from varmentaja.domain.publication_gate import CertificateName, Finding, Gate
from varmentaja.pki.publication.publisher import Candidate

MOST_SHOWN = 20
"""Findings of one rule, and certificates of one finding, that are told; a thousand would say no more."""

Rule = Callable[[Candidate], Iterable[Finding]]


class Held(DomainError):
    """The publication was stopped by gates; the set before it stays."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(Kind.CONFLICT, findings[0].message)
        self.findings = tuple(findings)


def findings_of(candidate: Candidate, rules: Iterable[Rule]) -> list[Finding]:
    """What all rules find."""
    return [finding for rule in rules for finding in _findings(rule, candidate)]


def first_of(names: Iterable[CertificateName]) -> tuple[CertificateName, ...]:
    """Those of many certificates that a finding names."""
    return tuple(sorted(names)[:MOST_SHOWN])


def by_authority(names: Iterable[CertificateName]) -> Iterator[tuple[str, list[CertificateName]]]:
    """Each authority with its certificates among these."""
    found: dict[str, list[CertificateName]] = {}
    for name in sorted(names):
        found.setdefault(name[0], []).append(name)
    yield from found.items()


def _findings(rule: Rule, candidate: Candidate) -> list[Finding]:
    try:
        return list(islice(rule(candidate), MOST_SHOWN))
    except Exception as error:  # a rule that cannot judge must not let pass, nor end the job without an alarm
        reason = f"{type(error).__name__}: {error}"[:200]
        text = message("The publication could not be examined: %(reason)s", reason=reason)
        return [Finding(Gate.REJECTED, "", 1, text)]
