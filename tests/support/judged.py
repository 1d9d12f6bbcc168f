# SPDX-License-Identifier: EUPL-1.2
"""A small publication under rules, to see which of them hold the next one back."""

from __future__ import annotations

from pathlib import Path

from tests.support.status import NOW, Authority, Publication

from varmentaja.domain.publication_gate import Finding, Gate
from varmentaja.pki.publication import Answer, Candidate, Crl
from varmentaja.pki.publication.gates import Held, Rule, findings_of, newly_revoked

GOOD = range(1, 31)


class Judged:
    """A publication of 30 good certificates and a revoked one (99), whose full list is the base of its delta;
    under rules, keeping what they found."""

    def __init__(self, folder: Path, authority: Authority, *rules: Rule) -> None:
        self.findings: list[Finding] = []
        self.counted = 0
        self._rules: tuple[Rule, ...] = ()
        self._number = 1
        self.publication = Publication(folder, (self._judge,))
        roots = {"root": authority.root.der} if authority.root else {}
        self.publication.publisher.publish(
            [*(authority.answer(serial) for serial in GOOD), authority.answer(99, revoked=True)],
            [authority.crl([99], number=10), authority.crl([], number=10, base=10)],
            {authority.name: authority.der, **roots},
            1,
            NOW,
        )
        self._rules = rules

    def _judge(self, candidate: Candidate) -> None:
        self.findings = findings_of(candidate, self._rules)
        self.counted = len(newly_revoked(candidate))
        if self.findings:
            raise Held(self.findings)

    def holds(self, *answers: Answer, crls: tuple[Crl, ...] = (), regular: bool = False) -> list[Gate]:
        """Which gates stop it; the old set must stay then."""
        publisher = self.publication.publisher
        before = self._files()
        self._number += regular
        try:
            if regular:
                publisher.publish(answers, crls, {}, self._number, NOW)
            else:
                publisher.overtake(answers, crls, NOW)
        except Held:
            assert self._files() == before
            return [finding.gate for finding in self.findings]
        return []

    def _files(self) -> dict[Path, bytes]:
        """The head, and the manifests of the sets and overlays that there are."""
        folder = self.publication.folder
        found = [folder / "head.json", *folder.glob("sets/*/*.json"), *folder.glob("overlay/*/*.json")]
        return {file: file.read_bytes() for file in found if ".building" not in file.parts}
