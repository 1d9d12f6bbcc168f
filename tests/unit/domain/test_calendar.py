# SPDX-License-Identifier: EUPL-1.2
"""Business days of Finland."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from varmentaja.domain.calendar import (
    LetterRule,
    add_business_days,
    code_letter_day,
    is_business_day,
    letter_rule,
)


def business_days_between(first: date, last: date) -> int:
    """How many business days lie after ``first`` up to and including ``last``, counted one by one."""
    return sum(is_business_day(first + timedelta(days=step)) for step in range(1, (last - first).days + 1))


days = st.dates(date(2020, 1, 1), date(2040, 12, 31))


@pytest.mark.parametrize(
    "day",
    [
        "2026-01-01", "2026-01-06", "2026-04-03", "2026-04-06", "2026-05-01", "2026-05-14",
        "2026-06-19", "2026-12-24", "2026-12-25", "2027-12-06", "2026-11-21", "2026-11-22",
        "2027-03-26", "2027-03-29", "2027-06-25",
    ],
)  # fmt: skip
def test_holidays_and_their_eves_are_no_business_days(day: str) -> None:
    assert not is_business_day(date.fromisoformat(day))


@pytest.mark.parametrize(
    "day", ["2026-01-02", "2026-04-02", "2026-04-07", "2026-06-18", "2026-12-23", "2026-12-31"]
)
def test_days_around_holidays_are_business_days(day: str) -> None:
    assert is_business_day(date.fromisoformat(day))


@pytest.mark.parametrize(
    ("start", "count", "end"),
    [
        ("2026-11-23", 1, "2026-11-24"),
        ("2026-11-27", 1, "2026-11-30"),
        ("2026-11-28", 1, "2026-11-30"),
        ("2026-04-02", 1, "2026-04-07"),
        ("2026-04-01", 2, "2026-04-07"),
        ("2026-06-18", 1, "2026-06-22"),
        ("2026-12-23", 1, "2026-12-28"),
        ("2026-12-31", 1, "2027-01-04"),
        ("2027-01-05", 1, "2027-01-07"),
        ("2026-11-23", 0, "2026-11-23"),
        ("2026-11-28", 0, "2026-11-30"),
    ],
)
def test_business_days_are_added_over_holidays(start: str, count: int, end: str) -> None:
    assert add_business_days(date.fromisoformat(start), count) == date.fromisoformat(end)


@given(days, st.integers(1, 30))
def test_adding_and_counting_agree(start: date, count: int) -> None:
    end = add_business_days(start, count)
    assert is_business_day(end)
    assert business_days_between(start, end) == count
    assert business_days_between(start, end - timedelta(days=1)) == count - 1


@given(days)
def test_the_code_letter_follows_two_to_four_business_days_after_the_card(dispatched: date) -> None:
    assert 2 <= business_days_between(dispatched, code_letter_day(dispatched)) <= 4


def test_the_code_letter_follows_another_rule_when_given() -> None:
    assert code_letter_day(date(2026, 11, 23), LetterRule(4, 4, 4)) == date(2026, 11, 27)


def test_the_rule_of_the_data_file_is_consistent() -> None:
    rule = letter_rule()
    assert 1 <= rule.earliest <= rule.usual <= rule.latest
