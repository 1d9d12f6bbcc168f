# SPDX-License-Identifier: EUPL-1.2
"""Rounds become outages with a beginning and an end, and days."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from varmentaja.domain.availability import (
    MOST_SUBJECTS,
    Day,
    Finding,
    Outage,
    Round,
    Service,
    Tally,
    Trouble,
    limits,
)
from varmentaja.domain.availability_record import (
    History,
    read_report,
    read_round,
    report_document,
    round_document,
)

START = datetime(2026, 11, 24, 23, 50, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
FINE, DOWN = Tally(6, 0, 2, 9), Tally(6, 6, 1, 1)


def a_round(
    minute: int,
    *troubles: Trouble,
    tally: Tally = FINE,
    subject: str = "place",
    unasked: Iterable[Service] = (),
) -> Round:
    findings = tuple(Finding(Service.OCSP, each, subject, "why") for each in troubles)
    tallies = {Service.OCSP: tally, Service.CRL: FINE}
    return Round(START + minute * MINUTE, tallies, findings, unasked=frozenset(unasked))


def told(history: History, found: Round) -> tuple[list[Outage], list[Outage]]:
    return history.add(found)


def going_on(history: History) -> Outage:
    report = history.report()
    assert report is not None
    (outage,) = report.open
    return outage


def test_an_outage_is_told_once_and_its_end_once() -> None:
    history = History()
    assert told(history, a_round(0)) == ([], [])
    assert told(history, a_round(1, Trouble.UNREACHABLE)) == ([], [])
    (begun,), ended = told(history, a_round(2, Trouble.UNREACHABLE))
    assert (begun.begun_at, ended) == (START + MINUTE, [])
    assert told(history, a_round(3, Trouble.UNREACHABLE)) == ([], [])
    begun_again, (over,) = told(history, a_round(4))
    assert begun_again == []
    assert (over.begun_at, over.ended_at) == (START + MINUTE, START + 4 * MINUTE)
    assert told(history, a_round(5)) == ([], [])
    report = history.report()
    assert report is not None and report.over == (over,) and report.open == ()


def test_one_bad_round_is_no_outage() -> None:
    history = History()
    told(history, a_round(0, Trouble.UNREACHABLE))
    assert told(history, a_round(1)) == ([], [])
    report = history.report()
    assert report is not None and report.over == () and report.open == ()


def test_a_wrong_status_is_told_at_once() -> None:
    begun, _ = told(History(), a_round(0, Trouble.WRONG_STATUS))
    assert [each.trouble for each in begun] == [Trouble.WRONG_STATUS]


def test_another_trouble_of_the_same_service_is_told_too() -> None:
    history = History()
    for minute in (0, 1):
        told(history, a_round(minute, Trouble.SLOW))
    begun, ended = told(history, a_round(2, Trouble.SLOW, Trouble.WRONG_STATUS))
    assert [each.trouble for each in begun] == [Trouble.WRONG_STATUS] and ended == []


def test_only_complete_silence_of_more_than_twenty_minutes_is_serious() -> None:
    history = History()
    for minute in range(30):
        told(history, a_round(minute, Trouble.UNREACHABLE))  # one of six questions is answered
    assert not going_on(history).is_serious
    for minute in range(30, 51):
        told(history, a_round(minute, Trouble.UNREACHABLE, tally=DOWN))
    assert not going_on(history).is_serious  # 20 minutes so far, not more
    told(history, a_round(51, Trouble.UNREACHABLE, tally=DOWN))
    assert going_on(history).is_serious
    assert limits().serious == 20 * MINUTE


@pytest.mark.parametrize("then", [(), (Trouble.UNREACHABLE,)])
@pytest.mark.parametrize(("lost", "serious"), [(20, False), (21, True)])
def test_the_time_without_an_answer_runs_to_the_first_round_that_has_one(
    lost: int, serious: bool, then: tuple[Trouble, ...]
) -> None:
    """Whether all is well then, or something is answered again."""
    history = History()
    for minute in range(lost):
        told(history, a_round(minute, Trouble.UNREACHABLE, tally=DOWN))
    told(history, a_round(lost, *then))
    told(history, a_round(lost + 1))
    report = history.report()
    assert report is not None
    (over,) = report.over
    assert (over.longest_down, over.is_serious) == (lost * MINUTE, serious)


@pytest.mark.parametrize("trouble", [Trouble.INVALID, Trouble.STALE])
def test_answers_that_are_of_no_use_are_as_bad_as_none(trouble: Trouble) -> None:
    history = History()
    for minute in range(22):
        told(history, a_round(minute, trouble, tally=DOWN))
    assert going_on(history).is_serious


@pytest.mark.parametrize("trouble", [Trouble.WRONG_STATUS, Trouble.SLOW])
def test_what_is_answered_all_the_same_does_not_count(trouble: Trouble) -> None:
    history = History()
    for minute in range(22):
        told(history, a_round(minute, trouble))
    assert not going_on(history).is_serious


def test_time_goes_on_when_what_is_amiss_changes() -> None:
    history = History()
    for minute in range(20):
        told(history, a_round(minute, Trouble.UNREACHABLE, tally=DOWN))
    begun, (over,) = told(history, a_round(20, Trouble.STALE, tally=DOWN))
    assert [each.trouble for each in begun] == [Trouble.STALE], "two rounds of nothing, though one of this"
    assert (over.trouble, over.longest_down) == (Trouble.UNREACHABLE, 20 * MINUTE)
    _, (over,) = told(history, a_round(21))
    assert (over.trouble, over.longest_down, over.is_serious) == (Trouble.STALE, 21 * MINUTE, True)


def test_one_lost_round_before_a_silence_is_no_outage() -> None:
    history = History()
    told(history, a_round(0, Trouble.UNREACHABLE, tally=DOWN))
    assert told(history, a_round(60)) == ([], [])


@pytest.mark.parametrize("trouble", [Trouble.WRONG_STATUS, Trouble.INVALID, Trouble.GOING_BACK])
def test_what_was_not_looked_for_is_not_over(trouble: Trouble) -> None:
    history = History()
    for minute in (0, 1):
        told(history, a_round(minute, trouble))
    for minute in (2, 3):
        hung = a_round(minute, Trouble.UNREACHABLE, tally=DOWN, unasked=[Service.OCSP])
        _, ended = told(history, hung)
        assert ended == []
    begun, ended = told(history, a_round(4, trouble))
    assert begun == [] and [each.trouble for each in ended] == [Trouble.UNREACHABLE], "told before"
    _, (over,) = told(history, a_round(5, unasked=[Service.CRL]))
    assert (over.trouble, over.begun_at, over.ended_at) == (trouble, START, START + 5 * MINUTE)


def test_what_is_told_as_nothing_was_usable_stays_told_while_it_is_not_looked_for() -> None:
    history = History()
    told(history, a_round(0, Trouble.UNREACHABLE, tally=DOWN))
    (begun,), _ = told(history, a_round(1, Trouble.STALE, tally=DOWN))
    assert begun.trouble is Trouble.STALE and begun.rounds == 1
    assert told(history, a_round(2, unasked=[Service.OCSP])) == ([], [])
    assert going_on(history).is_told and going_on(history).longest_down == 2 * MINUTE
    assert told(history, a_round(3, Trouble.STALE)) == ([], [])
    _, (over,) = told(history, a_round(4))
    assert over.longest_down == 2 * MINUTE, "up to the first usable answer"


def test_one_bad_round_is_no_outage_though_the_next_did_not_look() -> None:
    history = History()
    told(history, a_round(0, Trouble.INVALID))
    assert told(history, a_round(1, unasked=[Service.OCSP])) == ([], [])
    assert told(history, a_round(2)) == ([], [])


def test_a_contradiction_goes_on_while_either_side_was_not_asked() -> None:
    history = History()
    for minute in (0, 1):
        told(history, a_round(minute, Trouble.DISAGREEMENT, Trouble.OLD_PLAN))
    _, ended = told(history, a_round(2, unasked=[Service.CRL]))
    assert [each.trouble for each in ended] == [Trouble.OLD_PLAN], "that does not hang on an answer"


def test_rounds_written_before_it_was_noted_are_read() -> None:
    document = round_document(a_round(0))
    assert read_round({name: each for name, each in document.items() if name != "unasked"}) == a_round(0)


def test_days_count_rounds_and_what_is_felt() -> None:
    history = History()
    for minute in range(20):
        told(history, a_round(minute, *([Trouble.STALE] if minute == 3 else [Trouble.SLOW])))
    report = history.report()
    assert report is not None
    assert report.days[Service.OCSP] == {
        START.date(): Day(10, 1),
        START.date() + timedelta(days=1): Day(10, 0),
    }
    assert report.days[Service.CRL][START.date()] == Day(10, 0)


def test_what_is_older_than_the_kept_time_is_forgotten() -> None:
    history = History()
    for minute in (0, 1):
        told(history, a_round(minute, Trouble.STALE))
    told(history, a_round(2))
    told(history, a_round(24 * 60 * (limits().days + 1)))
    report = history.report()
    assert report is not None and report.over == ()
    assert len(report.days[Service.OCSP]) == 1


def test_a_flood_of_subjects_is_cut() -> None:
    history = History()
    for minute in range(MOST_SUBJECTS + 5):
        told(history, a_round(minute, Trouble.STALE, subject=f"place {minute}"))
    report = history.report()
    assert report is not None and len(report.open[0].subjects) == MOST_SUBJECTS


rounds = st.builds(
    lambda minute, troubles, tally, unasked: a_round(minute, *troubles, tally=tally, unasked=unasked),
    st.integers(0, 10**6),
    st.lists(st.sampled_from(Trouble), max_size=3),
    st.builds(Tally, *[st.integers(0, 9999)] * 4),
    st.frozensets(st.sampled_from(Service)),
)


@given(st.lists(rounds, min_size=1, max_size=5).map(lambda them: sorted(them, key=lambda each: each.at)))
def test_rounds_and_reports_come_back_from_json_as_they_were(found: list[Round]) -> None:
    history = History()
    for each in found:
        assert read_round(json.loads(json.dumps(round_document(each)))) == each
        history.add(each)
    report = history.report()
    assert report is not None
    assert read_report(json.loads(json.dumps(report_document(report)))) == report
