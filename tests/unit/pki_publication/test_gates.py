# SPDX-License-Identifier: EUPL-1.2
"""Each gate stops the incident it is there for, and lets an ordinary day pass."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.status import HOUR, NOW, Authority, Publication

from varmentaja.apps.status.independent import OpenSsl
from varmentaja.domain.publication_gate import Finding, Gate
from varmentaja.pki.publication import Candidate, Crl
from varmentaja.pki.publication.gates import (
    Canary,
    Held,
    Rule,
    canaries,
    findings_of,
    going_back,
    independent,
    jump,
    newly_revoked,
    wrong_issuer,
)


@pytest.fixture(scope="module")
def root() -> Authority:
    return Authority("root")


@pytest.fixture(scope="module")
def authority(root: Authority) -> Authority:
    return Authority("people", root=root)


class Judged:
    """A publication of 30 good certificates and a revoked one (99) under rules; keeps what they found."""

    def __init__(self, folder: Path, authority: Authority, *rules: Rule) -> None:
        self.findings: list[Finding] = []
        self.counted = 0
        self._rules: tuple[Rule, ...] = ()
        self.publication = Publication(folder, (self._judge,))
        good = [authority.answer(serial) for serial in range(1, 31)]
        self.publication.publisher.publish(
            [*good, authority.answer(99, revoked=True)],
            [authority.crl([99], number=10)],
            {authority.name: authority.der, **({"root": authority.root.der} if authority.root else {})},
            1,
            NOW,
        )
        self._rules = rules
        self.head = (folder / "head.json").read_bytes()

    def _judge(self, candidate: Candidate) -> None:
        self.findings = findings_of(candidate, self._rules)
        self.counted = newly_revoked(candidate)
        if self.findings:
            raise Held(self.findings)

    def holds(self, *answers: object, crls: tuple[Crl, ...] = (), regular: bool = False) -> list[Gate]:
        """Which gates stop it; the old set must stay then."""
        publisher = self.publication.publisher
        try:
            if regular:
                publisher.publish(answers, crls, {}, 2, NOW)  # type: ignore[arg-type]  # tests give answers
            else:
                publisher.overtake(answers, crls, NOW)  # type: ignore[arg-type]  # as above
        except Held:
            assert (self.publication.folder / "head.json").read_bytes() == self.head
            assert not (self.publication.folder / "sets" / "2").exists()
            assert not list((self.publication.folder / "overlay").glob("[0-9]*"))
            return [finding.gate for finding in self.findings]
        return []


@pytest.mark.parametrize("regular", [False, True])
def test_the_night_of_april_2023_is_held_back(tmp_path: Path, authority: Authority, regular: bool) -> None:
    judged = Judged(tmp_path, authority, jump(0, 5))
    poisoned = [authority.answer(serial, revoked=True) for serial in range(1, 31)]
    assert judged.holds(*poisoned, regular=regular) == [Gate.JUMP]
    assert judged.findings[0].count == 30


def test_an_ordinary_revocation_passes_and_what_came_before_counts(
    tmp_path: Path, authority: Authority
) -> None:
    revoked = [authority.answer(serial, revoked=True) for serial in (1, 2)]
    renewed = [authority.answer(serial, now=NOW + HOUR) for serial in range(3, 31)]
    assert Judged(tmp_path / "a", authority, jump(4, 5)).holds(*revoked) == [Gate.JUMP]
    judged = Judged(tmp_path / "b", authority, jump(3, 5))
    assert judged.holds(*revoked, *renewed, authority.answer(99, revoked=True, now=NOW + HOUR)) == []
    assert judged.counted == 2


def test_a_list_that_grows_by_a_jump_is_held_back_though_no_answer_changes(
    tmp_path: Path, authority: Authority
) -> None:
    judged = Judged(tmp_path, authority, jump(0, 5))
    assert judged.holds(crls=(authority.crl(range(90, 100), number=11),)) == [Gate.JUMP]


def test_another_authoritys_answer_or_list_is_held_back(tmp_path: Path, authority: Authority) -> None:
    stranger = Authority("people")
    judged = Judged(tmp_path, authority, wrong_issuer)
    assert judged.holds(stranger.answer(1, now=NOW + HOUR)) == [Gate.WRONG_ISSUER]
    other = Authority("others")
    assert judged.holds(crls=(replace(other.crl([99], number=11), authority="people"),)) == [
        Gate.WRONG_ISSUER
    ]
    mixed_up = replace(authority.answer(5, now=NOW + HOUR), serial=6)
    assert judged.holds(mixed_up) == [Gate.WRONG_ISSUER]
    assert judged.holds(authority.answer(1, now=NOW + HOUR), crls=(authority.crl([99], number=11),)) == []


def test_a_number_that_goes_back_is_held_back(tmp_path: Path, authority: Authority) -> None:
    judged = Judged(tmp_path, authority, going_back)
    inside = authority.crl([99], number=9)
    assert judged.holds(crls=(replace(inside, number=11),)) == [Gate.GOING_BACK]


def test_what_was_revoked_stays_revoked_in_answers_and_lists(tmp_path: Path, authority: Authority) -> None:
    judged = Judged(tmp_path, authority, going_back)
    assert judged.holds(authority.answer(99, revision=2)) == [Gate.GOING_BACK]
    assert judged.holds(crls=(authority.crl([], number=11),)) == [Gate.GOING_BACK]
    assert judged.holds(crls=(authority.crl([98], number=11),)) == [Gate.GOING_BACK]
    assert judged.holds(crls=(authority.crl([98, 99], number=11),)) == []


@pytest.mark.parametrize(("serial", "revoked"), [(7, False), (99, True)])
def test_a_canary_told_wrongly_holds_the_publication_back(
    tmp_path: Path, authority: Authority, serial: int, revoked: bool
) -> None:
    judged = Judged(tmp_path, authority, canaries([Canary("people", serial, revoked)]))
    assert judged.holds(authority.answer(serial, revoked=not revoked, revision=5)) == [Gate.CANARY]
    assert judged.holds(authority.answer(8, revoked=True)) == []


def test_a_list_that_names_a_canary_or_an_authority_of_our_own_is_held_back(
    tmp_path: Path, root: Authority, authority: Authority
) -> None:
    judged = Judged(tmp_path, authority, canaries([Canary("people", 7, revoked=False)]))
    assert judged.holds(crls=(authority.crl([7, 99], number=11),)) == [Gate.CANARY]
    poisoned = root.crl([authority.certificate.serial_number], number=1)
    assert judged.holds(crls=(poisoned,)) == [Gate.CANARY]
    assert judged.holds(crls=(root.crl([4711], number=1),)) == []


def test_what_openssl_refuses_is_held_back(tmp_path: Path, authority: Authority) -> None:
    path = shutil.which("openssl")
    assert path
    judged = Judged(tmp_path, authority, independent(OpenSsl(path), 3))
    answer, crl = authority.answer(1, now=NOW + HOUR), authority.crl([99], number=11)
    broken = replace(answer, sha1=_flipped(answer.sha1), sha256=_flipped(answer.sha256))
    assert judged.holds(broken) == [Gate.REJECTED]
    assert judged.holds(crls=(replace(crl, der=_flipped(crl.der)),)) == [Gate.REJECTED]
    assert judged.holds(answer, crls=(crl,)) == []


def _flipped(der: bytes) -> bytes:
    """The last octet of the signature, which stands at the end here, is another."""
    return der[:-1] + bytes([der[-1] ^ 1])
