# SPDX-License-Identifier: EUPL-1.2
"""Challenges: bound to origin, session and moment, and recognised without being stored."""

import os
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from varmentaja.relying_party.challenge import CLOCK_SKEW, LIFETIME, check_challenge, make_challenge
from varmentaja.relying_party.refusals import Outcome, Refused

KEY = b"k" * 32
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ORIGIN = "https://portal.example:8443"


def outcome(content: bytes, **changes: object) -> Outcome:
    """The outcome of a check that must refuse."""
    arguments = {"origin": ORIGIN, "key": KEY, "now": NOW, "session": "s1"} | changes
    with pytest.raises(Refused) as refused:
        check_challenge(content, **arguments)  # type: ignore[arg-type]  # keyword table of the tests
    return refused.value.outcome


@pytest.fixture
def content() -> bytes:
    return make_challenge(ORIGIN, key=KEY, now=NOW, random=os.urandom, session="s1").content


def test_an_own_challenge_is_recognised(content: bytes) -> None:
    challenge = check_challenge(content, origin=ORIGIN, key=KEY, now=NOW, session="s1")
    assert challenge.made_at == NOW
    assert len(challenge.nonce) == 64


def test_it_starts_with_the_origin_and_goes_on_for_at_least_64_characters(content: bytes) -> None:
    assert content.startswith(ORIGIN.encode() + b";")
    assert len(content) - len(ORIGIN) - 1 >= 64
    assert content.count(b";") == 1


def test_two_challenges_differ() -> None:
    first, second = (make_challenge(ORIGIN, key=KEY, now=NOW, random=os.urandom) for _ in range(2))
    assert first.nonce != second.nonce
    assert first.content != second.content


def test_another_origin_session_or_key_is_refused(content: bytes) -> None:
    assert outcome(content, origin="https://portal.example") is Outcome.WRONG_ORIGIN
    assert outcome(content, session="s2") is Outcome.BAD_ANSWER
    assert outcome(content, key=b"x" * 32) is Outcome.BAD_ANSWER


def test_a_challenge_for_another_site_does_not_pass_with_the_name_replaced(content: bytes) -> None:
    other = content.replace(ORIGIN.encode(), b"https://evil.example")
    assert outcome(other, origin="https://evil.example") is Outcome.BAD_ANSWER


def test_it_is_good_for_its_lifetime_and_no_longer(content: bytes) -> None:
    check_challenge(content, origin=ORIGIN, key=KEY, now=NOW + LIFETIME, session="s1")
    assert outcome(content, now=NOW + LIFETIME + timedelta(seconds=1)) is Outcome.TOO_OLD
    assert outcome(content, now=NOW - CLOCK_SKEW - timedelta(seconds=1)) is Outcome.TOO_OLD


@given(st.binary(max_size=300))
def test_random_bytes_are_refused(junk: bytes) -> None:
    assert outcome(junk) in (Outcome.BAD_ANSWER, Outcome.WRONG_ORIGIN)


def test_every_changed_character_is_noticed(content: bytes) -> None:
    for index in range(len(content)):
        changed = bytearray(content)
        changed[index] ^= 1
        assert outcome(bytes(changed)) in (Outcome.BAD_ANSWER, Outcome.WRONG_ORIGIN)
