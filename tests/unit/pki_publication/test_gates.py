# SPDX-License-Identifier: EUPL-1.2
"""Each gate stops the incident it is there for, and lets an ordinary day pass: how much, whose, and back."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from tests.support.judged import Judged
from tests.support.status import HOUR, NOW, Authority

from varmentaja.domain.errors import message
from varmentaja.domain.publication_gate import MOST_NAMED, Finding, Gate
from varmentaja.pki.publication import Answer, Candidate
from varmentaja.pki.publication.gates import (
    Canary,
    canaries,
    findings_of,
    first_of,
    going_back,
    gone,
    jump,
    unreadable,
    wrong_issuer,
)


@pytest.fixture(scope="module")
def root() -> Authority:
    return Authority("root")


@pytest.fixture(scope="module")
def authority(root: Authority) -> Authority:
    return Authority("people", root=root)


def withdrawn(*serials: int) -> list[Answer]:
    return [Answer.withdrawn("people", serial, 0, NOW + HOUR) for serial in serials]


@pytest.mark.parametrize("regular", [False, True])
def test_the_night_of_april_2023_is_held_back(tmp_path: Path, authority: Authority, regular: bool) -> None:
    judged = Judged(tmp_path, authority, jump(0, 5))
    poisoned = [authority.answer(serial, revoked=True) for serial in range(1, 31)]
    assert judged.holds(*poisoned, regular=regular) == [Gate.JUMP]
    assert judged.findings[0].count == 30
    assert judged.findings[0].certificates == tuple(("people", serial) for serial in range(1, 21))


def test_all_certificates_are_named_that_officers_are_asked_about(
    tmp_path: Path, authority: Authority
) -> None:
    judged = Judged(tmp_path, authority, gone(0, 5, 0, 0))
    assert judged.holds(*withdrawn(*range(1, 31))) == [Gate.GONE]
    assert judged.findings[0].certificates == tuple(("people", serial) for serial in range(1, 31))
    assert len(first_of(("people", serial) for serial in range(MOST_NAMED + 1))) == MOST_NAMED


def test_what_is_let_through_does_not_hide_what_comes_after_it(tmp_path: Path, authority: Authority) -> None:
    publisher = Judged(tmp_path, authority).publication.publisher
    found = [Finding(Gate.CANARY, str(number), 1, message("Found")) for number in range(25)]
    told: list[list[Finding]] = []

    def judge(candidate: Candidate) -> None:
        for let_through in ([], found[:20]):
            told.append(findings_of(candidate, [lambda _: found], let_through.__contains__))

    publisher.judged_by([judge]).overtake([authority.answer(1, revision=1)], [], NOW)
    assert told == [found[:20], found[20:]]


def test_it_is_held_back_though_one_form_of_the_answers_alone_is_poisoned(
    tmp_path: Path, authority: Authority
) -> None:
    judged = Judged(tmp_path, authority, jump(0, 5))
    for form in ("sha1", "sha256"):
        poisoned = [authority.answer(serial, revoked=True) for serial in range(1, 31)]
        good = [authority.answer(serial, revision=1) for serial in range(1, 31)]
        pairs = zip(good, poisoned, strict=True)
        mixed = [replace(right, **{form: getattr(wrong, form)}) for right, wrong in pairs]
        assert judged.holds(*mixed) == [Gate.JUMP]


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
    assert judged.holds(crls=(authority.crl(range(90, 100), number=11, base=10),)) == [Gate.JUMP]


def test_a_list_of_the_same_length_that_names_others_is_a_jump(tmp_path: Path, authority: Authority) -> None:
    judged = Judged(tmp_path, authority, jump(0, 0))
    assert judged.holds(crls=(authority.crl([5], number=11),)) == [Gate.JUMP]


def test_what_a_list_has_told_is_not_counted_again_when_its_answers_follow(
    tmp_path: Path, authority: Authority
) -> None:
    judged = Judged(tmp_path, authority, jump(0, 5))
    answers = [authority.answer(serial, revoked=True) for serial in range(1, 6)]
    assert judged.holds(answers[0], crls=(authority.crl([1, 2, 3, 4, 5, 99], number=11),)) == []
    assert judged.counted == 5
    assert judged.holds(*answers[1:]) == []
    assert judged.counted == 0
    assert judged.holds(authority.answer(6, revoked=True)) == [], "and an answer may be ahead of its list"
    assert judged.counted == 1
    assert judged.holds(crls=(authority.crl([1, 2, 3, 4, 5, 6, 99], number=12),)) == []
    assert judged.counted == 0


@pytest.mark.parametrize("regular", [False, True])
def test_answers_that_disappear_are_held_back(tmp_path: Path, authority: Authority, regular: bool) -> None:
    judged = Judged(tmp_path, authority, gone(0, 5, 1, 50))
    assert judged.holds(*withdrawn(*range(1, 31)), regular=regular) == [Gate.GONE]
    assert judged.findings[0].count == 30
    assert judged.holds(*withdrawn(1, 2, 3, 4, 5), regular=regular) == []
    assert judged.holds(*withdrawn(4711), regular=regular) == [], "nothing was said of it"


def test_of_many_answers_a_share_may_end_and_what_ended_lately_counts(
    tmp_path: Path, authority: Authority
) -> None:
    judged = Judged(tmp_path / "a", authority, gone(0, 2, 20, 50))
    assert judged.holds(*withdrawn(1, 2, 3, 4, 5, 6)) == [], "a fifth of 31"
    assert Judged(tmp_path / "b", authority, gone(5, 2, 20, 50)).holds(*withdrawn(1, 2)) == [Gate.GONE]


def test_a_set_that_has_lost_a_segment_or_a_list_is_held_back(
    tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged = Judged(tmp_path, authority, gone(0, 50, 1, 50))
    with monkeypatch.context() as patch:  # a fault of ours, as it might be
        patch.setattr("varmentaja.pki.publication.build.Build._older_segments", lambda *_: [])
        assert judged.holds(authority.answer(1, now=NOW + HOUR), regular=True) == [Gate.GONE]
        assert judged.findings[0].count == 30
    with monkeypatch.context() as patch:
        patch.setattr("varmentaja.pki.publication.build.Build._keep_crl", lambda *_: None)
        assert judged.holds(authority.answer(1, now=NOW + HOUR), regular=True) == [Gate.GONE, Gate.GONE]
    assert judged.holds(authority.answer(1, now=NOW + HOUR), regular=True) == []


def test_another_authoritys_answer_or_list_is_held_back(tmp_path: Path, authority: Authority) -> None:
    stranger = Authority("people")
    judged = Judged(tmp_path, authority, wrong_issuer)
    assert judged.holds(stranger.answer(1, now=NOW + HOUR)) == [Gate.WRONG_ISSUER]
    other = Authority("others")
    for crl in (other.crl([99], number=11), other.crl([], number=11, base=10)):
        assert judged.holds(crls=(replace(crl, authority="people"),)) == [Gate.WRONG_ISSUER]
    mixed_up = replace(authority.answer(5, now=NOW + HOUR), serial=6)
    assert judged.holds(mixed_up) == [Gate.WRONG_ISSUER]
    assert judged.holds(authority.answer(1, now=NOW + HOUR), crls=(authority.crl([99], number=11),)) == []


def test_a_number_that_goes_back_is_held_back(tmp_path: Path, authority: Authority) -> None:
    judged = Judged(tmp_path, authority, going_back)
    inside = authority.crl([99], number=9)
    assert judged.holds(crls=(replace(inside, number=11),)) == [Gate.GOING_BACK]


def test_a_set_or_generation_with_a_lower_number_is_held_back(tmp_path: Path, authority: Authority) -> None:
    """A publisher refuses to make one: this is what is left if it does."""
    publisher = Judged(tmp_path, authority).publication.publisher
    steps = [publisher.current()]
    publisher.publish([], [], {}, 2, NOW)
    steps.append(publisher.current())
    publisher.overtake([authority.answer(99, revoked=True, now=NOW + HOUR)], [], NOW)
    steps.append(publisher.current())
    for older, newer in pairwise(steps):
        assert older and newer
        (found,) = going_back(Candidate(newer, older, 0, ()))
        assert (found.gate, found.message.text) == (Gate.GOING_BACK, "The number of the set goes back.")
        assert list(going_back(Candidate(older, newer, 0, ()))) == []


@pytest.mark.parametrize("listed", [[], [98], [97, 98], [1, 2, 3]])
def test_what_was_revoked_stays_on_its_list_however_long_that_is(
    tmp_path: Path, authority: Authority, listed: list[int]
) -> None:
    judged = Judged(tmp_path, authority, going_back)
    assert judged.holds(crls=(authority.crl(listed, number=11),)) == [Gate.GOING_BACK]
    assert judged.findings[0].certificates == (("people", 99),)
    assert judged.holds(crls=(authority.crl([*listed, 99], number=11),)) == []


def test_what_was_revoked_stays_so_in_both_forms_of_its_answer(tmp_path: Path, authority: Authority) -> None:
    judged = Judged(tmp_path, authority, going_back)
    good, right = authority.answer(99, revision=2), authority.answer(99, revoked=True, revision=2)
    assert judged.holds(good) == [Gate.GOING_BACK]
    for half in (replace(right, sha1=good.sha1), replace(right, sha256=good.sha256)):
        assert judged.holds(half) == [Gate.GOING_BACK]
    assert judged.holds(good, crls=(authority.crl([], number=11),)) == [Gate.GOING_BACK], "told of once"
    assert judged.holds(right) == []


def test_what_has_expired_may_leave_the_list_after_its_answer(tmp_path: Path, authority: Authority) -> None:
    judged = Judged(tmp_path, authority, going_back)
    over = Answer.withdrawn("people", 99, 1, NOW + HOUR)
    assert judged.holds(over, crls=(authority.crl([], number=11),)) == []


@pytest.mark.parametrize(("serial", "revoked"), [(7, False), (99, True)])
def test_a_canary_told_wrongly_or_no_more_holds_the_publication_back(
    tmp_path: Path, authority: Authority, serial: int, revoked: bool
) -> None:
    judged = Judged(tmp_path, authority, canaries([Canary("people", serial, revoked)]))
    right = authority.answer(serial, revoked=revoked, revision=5)
    wrong = authority.answer(serial, revoked=not revoked, revision=5)
    for poisoned in (wrong, replace(right, sha1=wrong.sha1), replace(right, sha256=wrong.sha256)):
        assert judged.holds(poisoned) == [Gate.CANARY]
    assert judged.holds(Answer.withdrawn("people", serial, 5, NOW + HOUR)) == [Gate.CANARY]
    assert judged.holds(replace(right, sha1=b"\x30\x00")) == [Gate.CANARY]
    assert judged.holds(authority.answer(8, revoked=True), right) == []


def test_a_canary_that_is_told_wrongly_already_does_not_hold_back_the_repair(
    tmp_path: Path, authority: Authority
) -> None:
    """Named when the fault was out, or its revocation was released."""
    rules = canaries([Canary("people", 99, revoked=False), Canary("people", 7, revoked=True, shard="0")])
    judged = Judged(tmp_path, authority, rules)
    assert judged.holds(authority.answer(8, now=NOW + HOUR), crls=(authority.crl([99], number=11),)) == []
    assert judged.holds(authority.answer(99, revision=2)) == []
    assert judged.holds(authority.answer(99, revoked=True, revision=3)) == [Gate.CANARY]
    assert judged.holds(authority.answer(7, revoked=True), crls=(authority.crl([7], number=12),)) == []
    assert judged.holds(crls=(authority.crl([], number=13),)) == [Gate.CANARY]


def test_a_new_list_that_lacks_a_revoked_canary_is_held_back(tmp_path: Path, authority: Authority) -> None:
    """As after the folder was lost, when there is nothing else to compare it with."""
    judged = Judged(tmp_path, authority, canaries([Canary("root", 5, revoked=True, shard="0")]))
    assert authority.root is not None
    assert judged.holds(crls=(authority.root.crl([6], number=1),)) == [Gate.CANARY]
    assert judged.holds(crls=(authority.root.crl([5], number=1),)) == []


def test_a_list_that_names_a_canary_or_an_authority_of_our_own_is_held_back(
    tmp_path: Path, root: Authority, authority: Authority
) -> None:
    judged = Judged(tmp_path, authority, canaries([Canary("people", 7, revoked=False)]))
    assert judged.holds(crls=(authority.crl([7, 99], number=11),)) == [Gate.CANARY]
    assert judged.holds(crls=(authority.crl([7], number=11, base=10),)) == [Gate.CANARY]
    poisoned = root.crl([authority.certificate.serial_number], number=1)
    assert judged.holds(crls=(poisoned,)) == [Gate.CANARY]
    assert judged.holds(crls=(root.crl([4711], number=1),)) == []


def test_a_revoked_canary_stands_on_its_list(tmp_path: Path, authority: Authority) -> None:
    judged = Judged(tmp_path, authority, canaries([Canary("people", 99, revoked=True, shard="0")]))
    assert judged.holds(crls=(authority.crl([1, 2], number=11),)) == [Gate.CANARY]
    assert judged.holds(crls=(authority.crl([99], number=11), authority.crl([], number=11, base=10))) == []


@pytest.mark.parametrize("nonsense", [b"", b"\x30\x00", b"junk", b"\x30\x03\x0a\x01\x06"])
def test_what_cannot_be_read_is_held_back(tmp_path: Path, authority: Authority, nonsense: bytes) -> None:
    """The last of these is an OCSP response that says tryLater."""
    judged = Judged(tmp_path, authority, unreadable)
    answer = authority.answer(1, now=NOW + HOUR)
    if nonsense:
        assert judged.holds(replace(answer, sha1=nonsense)) == [Gate.REJECTED]
    assert judged.holds(replace(answer, sha256=nonsense)) == [Gate.REJECTED]
    assert judged.findings[0].certificates == (("people", 1),)
    crl = authority.crl([99], number=11)
    if nonsense:
        assert judged.holds(crls=(replace(crl, der=nonsense),)) == [Gate.REJECTED]
        assert judged.findings[0].subject == "people/0"
    assert judged.holds(answer, crls=(crl,)) == []


def test_a_rule_that_fails_holds_the_publication_back(tmp_path: Path, authority: Authority) -> None:
    def broken(_: object) -> list[object]:
        raise KeyError("a fault of ours")

    judged = Judged(tmp_path, authority, broken)  # type: ignore[arg-type]  # as a fault would be
    assert judged.holds(authority.answer(1, now=NOW + HOUR)) == [Gate.REJECTED]
    assert "a fault of ours" in str(judged.findings[0].message)


def test_a_certificate_in_an_answer_and_a_list_counts_once(tmp_path: Path, authority: Authority) -> None:
    judged = Judged(tmp_path, authority, going_back, jump(0, 5))
    revoked = [authority.answer(serial, revoked=True) for serial in range(1, 31)]
    assert judged.holds(*revoked, crls=(authority.crl([*range(1, 31), 99], number=11),)) == [Gate.JUMP]
    assert judged.findings[0].count == 30
