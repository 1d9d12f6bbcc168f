# SPDX-License-Identifier: EUPL-1.2
"""The card's time line."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from varmentaja.domain.calendar import is_business_day
from varmentaja.domain.timeline import CardDates, StepName, next_step, timeline

MONDAY = date(2026, 11, 23)


def days(dates: CardDates, today: date) -> list[tuple[date | None, date | None]]:
    return [(step.done, step.expected) for step in timeline(dates, today)]


def test_a_new_order_shows_what_comes_when() -> None:
    assert days(CardDates(MONDAY), MONDAY) == [
        (MONDAY, None),
        (None, date(2026, 11, 27)),
        (None, date(2026, 11, 30)),
        (None, date(2026, 12, 3)),
        (None, None),
    ]


def test_what_has_happened_moves_what_is_expected() -> None:
    dates = CardDates(MONDAY, made=date(2026, 11, 24), posted=date(2026, 11, 25))
    assert days(dates, date(2026, 11, 26))[2:] == [
        (date(2026, 11, 25), None),
        (None, date(2026, 11, 30)),
        (None, None),
    ]


def test_the_letters_own_day_counts_once_it_is_set() -> None:
    dates = CardDates(MONDAY, MONDAY, MONDAY, letter_due=date(2026, 11, 25))
    assert days(dates, MONDAY)[3] == (None, date(2026, 11, 25))


def test_what_is_late_is_expected_today() -> None:
    late = date(2026, 12, 9)
    steps = timeline(CardDates(MONDAY), late)
    assert steps[1].expected == late
    assert next_step(steps) == steps[1]


def test_nothing_is_expected_of_a_card_that_has_ended() -> None:
    steps = timeline(CardDates(MONDAY, MONDAY, MONDAY, ended=MONDAY), MONDAY)
    assert all(step.expected is None for step in steps)


def test_a_finished_way_has_no_next_step() -> None:
    dates = CardDates(MONDAY, MONDAY, MONDAY, MONDAY, MONDAY, MONDAY)
    assert next_step(timeline(dates, MONDAY)) is None


@given(st.dates(date(2024, 1, 1), date(2030, 1, 1)), st.integers(0, 40))
def test_expected_days_come_in_order_and_never_in_the_past(ordered: date, later: int) -> None:
    today = ordered + timedelta(days=later)
    steps = timeline(CardDates(ordered), today)
    assert [step.name for step in steps] == list(StepName)
    expected = [step.expected for step in steps if step.expected]
    assert len(expected) == 3
    assert expected == sorted(expected)
    assert expected[0] >= today
    assert is_business_day(expected[2])
