# SPDX-License-Identifier: EUPL-1.2
"""What is published does not contradict itself, and other people's programs accept it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from tests.support.judged import Judged
from tests.support.status import HOUR, NOW, Authority

from varmentaja.apps.status.independent import OpenSsl, PkiLint
from varmentaja.domain.publication_gate import Gate
from varmentaja.pki.publication import Crl
from varmentaja.pki.publication.gates import (
    Document,
    Sample,
    disagreement,
    independent,
    listed_but_good,
    wrongly_signed,
)
from varmentaja.pki.publication.gates.signatures import _key_of

PATIENCE = timedelta(seconds=60)
SAMPLE = Sample(3, 0.2, random.Random(1).sample)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority("people")


def pair(
    authority: Authority, full: list[int], delta: list[int], *, number: int = 11, base: int = 10
) -> tuple[Crl, Crl]:
    return authority.crl(full, number=number), authority.crl(delta, number=number, base=base)


def test_two_forms_of_an_answer_that_differ_are_held_back(tmp_path: Path, authority: Authority) -> None:
    """openssl asks by SHA-1, others by SHA-256: they would be told different things."""
    judged = Judged(tmp_path, authority, disagreement)
    good, revoked = authority.answer(1, revision=1), authority.answer(1, revoked=True)
    assert judged.holds(replace(good, sha1=revoked.sha1)) == [Gate.DISAGREEMENT]
    assert judged.holds(replace(good, sha256=revoked.sha256)) == [Gate.DISAGREEMENT]
    later = authority.answer(1, revision=1, now=NOW + HOUR)
    assert judged.holds(replace(good, sha256=later.sha256)) == [Gate.DISAGREEMENT], "dates differ"
    assert judged.holds(revoked) == []


def test_a_list_that_names_what_is_answered_as_good_is_held_back(
    tmp_path: Path, authority: Authority
) -> None:
    judged = Judged(tmp_path, authority, listed_but_good)
    named = pair(authority, [5, 99, 1000], [5, 1000])
    assert judged.holds(crls=named) == [Gate.DISAGREEMENT]
    assert judged.findings[0].certificates == (("people", 5),), "of 1000 nothing is said, 99 is revoked"
    assert judged.holds(authority.answer(5, revoked=True), crls=named) == []


@pytest.mark.parametrize(
    ("full", "delta"),
    [
        ([5, 99], []),  # the delta lacks what the list has
        ([5, 99], [5, 6]),  # it has more
        ([99], [5]),
        ([5, 6, 99], [5]),
    ],
)
def test_a_delta_that_with_its_base_is_not_the_full_list_is_held_back(
    tmp_path: Path, authority: Authority, full: list[int], delta: list[int]
) -> None:
    judged = Judged(tmp_path, authority, disagreement)
    assert judged.holds(crls=pair(authority, full, delta)) == [Gate.DISAGREEMENT]
    assert judged.holds(crls=pair(authority, [5, 99], [5])) == []


def test_a_delta_goes_on_naming_what_was_revoked_since_its_base(tmp_path: Path, authority: Authority) -> None:
    """With the list before this one it would be right, but not with the base that it names."""
    judged = Judged(tmp_path, authority, disagreement)
    assert judged.holds(crls=pair(authority, [5, 99], [5])) == []
    assert judged.holds(crls=pair(authority, [5, 6, 99], [6], number=12)) == [Gate.DISAGREEMENT]
    assert judged.findings[0].certificates == (("people", 5),)
    assert judged.holds(crls=pair(authority, [5, 6, 99], [6], number=12, base=11)) == [], "the list before"
    assert judged.holds(crls=pair(authority, [5, 6, 99], [], number=13, base=13)) == [], "a new base"


@pytest.mark.parametrize("base", [1, 9, 12])
def test_a_delta_to_a_list_that_was_never_published_is_held_back(
    tmp_path: Path, authority: Authority, base: int
) -> None:
    judged = Judged(tmp_path, authority, disagreement)
    assert judged.holds(crls=pair(authority, [5, 99], [5], base=base)) == [Gate.DISAGREEMENT]


def test_a_full_list_and_its_delta_come_together(tmp_path: Path, authority: Authority) -> None:
    judged = Judged(tmp_path, authority, disagreement)
    assert judged.holds(crls=(authority.crl([5, 99], number=11),)) == [Gate.DISAGREEMENT]
    assert judged.holds(crls=(authority.crl([5], number=11, base=10),)) == [Gate.DISAGREEMENT]


def test_a_delta_in_the_place_of_a_full_list_is_held_back(tmp_path: Path, authority: Authority) -> None:
    judged = Judged(tmp_path, authority, disagreement)
    full, delta = pair(authority, [5, 99], [5])
    assert judged.holds(crls=(replace(delta, shard="0"),)) == [Gate.DISAGREEMENT]
    assert judged.holds(crls=(replace(full, shard="0-delta"),)) == [Gate.DISAGREEMENT]


def test_what_openssl_refuses_is_held_back(tmp_path: Path, authority: Authority) -> None:
    judged = Judged(tmp_path, authority, independent(OpenSsl(PATIENCE), SAMPLE))
    answer, crl = authority.answer(1, now=NOW + HOUR), authority.crl([99], number=11)
    for form in ("sha1", "sha256"):
        broken = replace(answer, **{form: _flipped(getattr(answer, form))})
        assert judged.holds(broken) == [Gate.REJECTED], "a lone answer is verified in both its forms"
    assert judged.holds(crls=(replace(crl, der=_flipped(crl.der)),)) == [Gate.REJECTED]
    assert judged.holds(answer, crls=(crl,)) == []


def test_what_pkilint_refuses_is_held_back_though_openssl_accepts_it(
    tmp_path: Path, authority: Authority
) -> None:
    bare = authority.crl([99], number=11, bare=True)
    assert Judged(tmp_path / "a", authority, independent(OpenSsl(PATIENCE), SAMPLE)).holds(crls=(bare,)) == []
    judged = Judged(tmp_path / "b", authority, independent(PkiLint(10), SAMPLE))
    assert judged.holds(crls=(bare,)) == [Gate.REJECTED]
    assert "authority_key_identifier_missing" in str(judged.findings[0].message)
    crls = pair(authority, [5, 99], [5])
    assert judged.holds(authority.answer(1, now=NOW + HOUR), crls=crls) == []
    long = authority.crl(range(1, 12), number=12, bare=True)
    assert judged.holds(crls=(long,)) == [], "a list of more than ten entries is left to openssl"


def test_pkilint_refuses_an_answer_that_it_cannot_decode() -> None:
    document = Document("people", b"", b"\x30\x03\x02\x01\x06", 1, "sha1")
    assert PkiLint(10).refusals([document]) == ["pkilint.not_decodable"]


def test_without_the_verifier_nothing_passes(tmp_path: Path, authority: Authority) -> None:
    judged = Judged(tmp_path, authority, independent(OpenSsl(PATIENCE, str(tmp_path / "none")), SAMPLE))
    assert judged.holds(authority.answer(1, now=NOW + HOUR)) == [Gate.REJECTED]
    assert judged.findings[0].subject == "openssl"


def test_a_verifier_that_says_nothing_in_time_or_at_all_is_no_consent(
    tmp_path: Path, authority: Authority
) -> None:
    program = tmp_path / "openssl"
    for script in ("exec sleep 60", "exit 0", "kill -9 $$"):
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        rule = independent(OpenSsl(timedelta(seconds=0.5), str(program)), SAMPLE)
        judged = Judged(tmp_path / script.split()[0], authority, rule)
        assert judged.holds(authority.answer(1, now=NOW + HOUR)) == [Gate.REJECTED]


class Seen:
    """Accepts all, and remembers what it saw."""

    name = "seen"

    def __init__(self) -> None:
        self.answers: list[tuple[int, str]] = []

    def refusals(self, documents: Sequence[Document]) -> list[str | None]:
        self.answers = [(each.serial, each.hash_name) for each in documents if each.hash_name]
        return [None] * len(documents)


def test_few_answers_are_all_looked_at_and_many_by_sample(tmp_path: Path, authority: Authority) -> None:
    seen = Seen()
    judged = Judged(tmp_path, authority, independent(seen, SAMPLE))
    judged.holds(authority.answer(1, now=NOW + HOUR), authority.answer(2, now=NOW + HOUR))
    assert sorted(seen.answers) == [(1, "sha1"), (1, "sha256"), (2, "sha1"), (2, "sha256")]
    judged.holds(*(authority.answer(serial, now=NOW + 2 * HOUR) for serial in range(1, 31)))
    assert len({serial for serial, _ in seen.answers}) == 6 and len(seen.answers) == 12, "a fifth of thirty"
    first = seen.answers
    judged.holds(*(authority.answer(serial, now=NOW + 3 * HOUR) for serial in range(1, 31)))
    assert seen.answers != first, "chosen at random, so that nothing can hide where nobody looks"


@pytest.mark.parametrize("form", ["sha1", "sha256"])
def test_one_wrong_signature_among_hundreds_is_found(tmp_path: Path, authority: Authority, form: str) -> None:
    judged = Judged(tmp_path, authority, wrongly_signed)
    answers = [authority.answer(serial, now=NOW + HOUR) for serial in range(1, 301)]
    answers[270] = replace(answers[270], **{form: _flipped(getattr(answers[270], form))})
    assert judged.holds(*answers) == [Gate.REJECTED]
    assert judged.findings[0].certificates == (("people", 271),)
    assert judged.holds(*answers[:270]) == []


def test_only_the_authority_and_whom_it_certified_for_it_may_sign(
    tmp_path: Path, authority: Authority
) -> None:
    judged = Judged(tmp_path, authority, wrongly_signed)
    stranger = Authority("people").answer(1, now=NOW + HOUR)
    assert judged.holds(stranger) == [Gate.REJECTED]
    assert _key_of(authority.issue(), authority.der) is None, "a person's certificate is not a responder's"
    assert _key_of(Authority("people").certificate, authority.der) is None
    assert _key_of(authority.certificate, authority.der) == authority.key.public_key()


def _flipped(der: bytes) -> bytes:
    """The last octet of the signature, which stands at the end here, is another."""
    return der[:-1] + bytes([der[-1] ^ 1])
