# SPDX-License-Identifier: EUPL-1.2
"""What two officers' word is about: the certificates that they saw, or a number where none are named."""

from __future__ import annotations

import pytest

from varmentaja.domain.errors import message
from varmentaja.domain.publication_gate import (
    Finding,
    Gate,
    Seen,
    allowance,
    covers,
    has_grown,
    is_by_name,
    used_up,
)

BY_NAME = [Gate.GOING_BACK, Gate.DISAGREEMENT, Gate.CANARY, Gate.WRONG_ISSUER, Gate.GONE]


def found(gate: Gate, *serials: int, count: int | None = None, subject: str = "people") -> Finding:
    names = tuple(("people", serial) for serial in serials)
    return Finding(gate, subject, len(names) if count is None else count, message("Found"), names)


def seen(gate: Gate, *serials: int, count: int | None = None) -> Seen:
    names = frozenset(("people", serial) for serial in serials)
    return Seen(gate, "people", len(names) if count is None else count, names)


@pytest.mark.parametrize("gate", BY_NAME)
def test_a_word_is_about_certificates_and_not_about_how_many(gate: Gate) -> None:
    word = seen(gate, 1, 2, 3)
    assert covers(word, found(gate, 1, 2, 3)) and covers(word, found(gate, 2))
    assert not covers(word, found(gate, 4)) and not covers(word, found(gate, 1, 4))
    assert not covers(word, found(gate, 1, 2, 3, 4))
    assert used_up(word, found(gate, 1, 2, 3)) == 0, "the same ones pass again in a list"


def test_a_word_is_about_one_gate_and_one_subject() -> None:
    word = seen(Gate.GOING_BACK, 1)
    assert not covers(word, found(Gate.DISAGREEMENT, 1))
    assert not covers(word, found(Gate.GOING_BACK, 1, subject="people/0"))


def test_ordinary_revocations_may_join_a_jump() -> None:
    more = allowance(Gate.JUMP)
    for word in (seen(Gate.JUMP, count=60), seen(Gate.JUMP, 1, 2, count=60)):
        assert covers(word, found(Gate.JUMP, 3, 4, count=60 + more))
        assert not covers(word, found(Gate.JUMP, 3, 4, count=61 + more))


@pytest.mark.parametrize("gate", [Gate.REJECTED, Gate.CLOCK, Gate.GOING_BACK])
def test_what_names_no_certificates_goes_by_its_number(gate: Gate) -> None:
    word = seen(gate, count=3)
    assert covers(word, found(gate, count=3)) and not covers(word, found(gate, count=4))


def test_answers_that_are_refused_are_others_at_each_try() -> None:
    word = seen(Gate.REJECTED, 1, 2)
    assert covers(word, found(Gate.REJECTED, 3)) and not covers(word, found(Gate.REJECTED, 1, 2, 3))
    assert used_up(word, found(Gate.REJECTED, 3)) == 1


def test_a_word_about_a_clock_is_good_once_however_far_it_is_wrong_then() -> None:
    assert used_up(seen(Gate.CLOCK, count=60), found(Gate.CLOCK, count=7)) == 60


def test_more_than_are_named_go_by_their_number() -> None:
    word = seen(Gate.GOING_BACK, 1, 2, count=9)
    assert covers(word, found(Gate.GOING_BACK, 1, 3, count=9)) and not is_by_name(
        found(Gate.GOING_BACK, 1, count=2)
    )
    assert not covers(word, found(Gate.GOING_BACK, 1, 2, count=10))
    assert used_up(word, found(Gate.GOING_BACK, 1, 2, count=7)) == 7


def test_a_word_that_names_only_the_first_does_not_cover_the_others() -> None:
    """As it was stored before all were named."""
    word = seen(Gate.GOING_BACK, 1, 2, count=4)
    assert covers(word, found(Gate.GOING_BACK, 1, 2))
    assert not covers(word, found(Gate.GOING_BACK, 1, 2, 3, 4))
    assert has_grown(word, found(Gate.GOING_BACK, 1, 2, 3, 4)), "what is shown of it is told anew"


def test_certificates_are_not_what_is_wrong_with_the_list_itself() -> None:
    assert not covers(seen(Gate.DISAGREEMENT, 1, 2, 3), found(Gate.DISAGREEMENT, count=1))
    assert not covers(seen(Gate.DISAGREEMENT, count=3), found(Gate.DISAGREEMENT, 1))
    assert not has_grown(seen(Gate.DISAGREEMENT, count=1), found(Gate.DISAGREEMENT, 1, 2))


def test_what_has_grown_holds_all_that_was_seen_and_more() -> None:
    was = seen(Gate.GOING_BACK, 1, 2)
    assert has_grown(was, found(Gate.GOING_BACK, 1, 2, 3))
    for other in (found(Gate.GOING_BACK, 1, 2), found(Gate.GOING_BACK, 1), found(Gate.GOING_BACK, 2, 3, 4)):
        assert not has_grown(was, other)
    assert has_grown(seen(Gate.REJECTED, count=1), found(Gate.REJECTED, count=2))
    assert not has_grown(seen(Gate.REJECTED, count=1), found(Gate.REJECTED, count=1))
