# SPDX-License-Identifier: EUPL-1.2
"""What a rule is, and what becomes of its findings."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import filterfalse, islice

from varmentaja.domain.errors import DomainError, Kind, message
from varmentaja.domain.publication_gate import MOST_NAMED, CertificateName, Finding, Gate
from varmentaja.pki.publication.publisher import Candidate

MOST_FINDINGS = 20
"""Findings of one rule that are told; a thousand would say no more."""

Rule = Callable[[Candidate], Iterable[Finding]]


class Held(DomainError):
    """The publication was stopped by gates; the set before it stays."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        super().__init__(Kind.CONFLICT, findings[0].message)
        self.findings = tuple(findings)


def findings_of(
    candidate: Candidate, rules: Iterable[Rule], is_covered: Callable[[Finding], bool] = lambda _: False
) -> list[Finding]:
    """What all rules find, but for what two officers have let through."""
    return [finding for rule in rules for finding in _findings(rule, candidate, is_covered)]


def first_of(names: Iterable[CertificateName], most: int = MOST_NAMED) -> tuple[CertificateName, ...]:
    """Those of many certificates that a finding names: all, unless there are very many."""
    return tuple(sorted(names)[:most])


def by_authority(names: Iterable[CertificateName]) -> Iterator[tuple[str, list[CertificateName]]]:
    """Each authority with its certificates among these."""
    found: dict[str, list[CertificateName]] = {}
    for name in sorted(names):
        found.setdefault(name[0], []).append(name)
    yield from found.items()


def _findings(rule: Rule, candidate: Candidate, is_covered: Callable[[Finding], bool]) -> list[Finding]:
    """Those to be told: what is let through does not hide what comes after it."""
    try:
        return list(islice(filterfalse(is_covered, rule(candidate)), MOST_FINDINGS))
    except Exception as error:  # a rule that cannot judge must not let pass, nor end the job without an alarm
        reason = f"{type(error).__name__}: {error}"[:200]
        text = message("The publication could not be examined: %(reason)s", reason=reason)
        return list(filterfalse(is_covered, [Finding(Gate.REJECTED, "", 1, text)]))
