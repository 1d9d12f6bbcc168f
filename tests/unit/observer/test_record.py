# SPDX-License-Identifier: EUPL-1.2
"""The record is appended to, survives a torn line and a restart, and is kept for its time."""

from __future__ import annotations

import errno
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from varmentaja.domain.availability import Finding, Outage, Round, Service, Tally, Trouble, limits
from varmentaja.domain.availability_record import read_report
from varmentaja.observer.metrics import write_metrics
from varmentaja.observer.record import REPORT, Record

START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def a_round(minute: int, *, stale: bool = False) -> Round:
    finding = Finding(Service.CRL, Trouble.STALE, "list", "nextUpdate yesterday")
    return Round(START + minute * MINUTE, {Service.CRL: Tally(3, 0, 2, 5)}, (finding,) if stale else ())


def add(record: Record, found: Round) -> tuple[list[Outage], list[Outage]]:
    told = record.add(found)
    record.publish()
    return told


def test_a_restart_goes_on_where_the_record_ends(tmp_path: Path) -> None:
    record = Record(tmp_path, START)
    add(record, a_round(0, stale=True))
    begun, _ = add(record, a_round(1, stale=True))
    assert len(begun) == 1
    again = Record(tmp_path, START + 2 * MINUTE)
    assert again.report == record.report
    assert add(again, a_round(2, stale=True)) == ([], [])  # told before
    _, ended = add(again, a_round(3))
    assert [each.ended_at for each in ended] == [START + 3 * MINUTE]
    again.publish()
    assert read_report(json.loads((tmp_path / REPORT).read_bytes())) == again.report


def test_a_torn_line_costs_one_round_alone(tmp_path: Path) -> None:
    record = Record(tmp_path, START)
    for minute in range(3):
        add(record, a_round(minute))
    (path,) = (tmp_path / "rounds").iterdir()
    path.write_bytes(path.read_bytes()[:-20])
    again = Record(tmp_path, START)
    add(again, a_round(3))
    last = Record(tmp_path, START).report
    assert last is not None
    assert last.at == START + 3 * MINUTE
    assert last.days[Service.CRL][START.date()].rounds == 3


@pytest.mark.parametrize(
    "went_down",
    [("nothing", "nothing"), ("half", "half"), ("all but the end", "half"), ("all", "half"), ("all", "all")],
)
def test_a_round_that_found_no_room_is_written_once_when_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, went_down: tuple[str, str]
) -> None:
    record = Record(tmp_path, START)
    add(record, a_round(0))
    (path,) = (tmp_path / "rounds").iterdir()
    sizes, portions = [path.stat().st_size], iter(went_down)

    def no_room(_file: int) -> None:
        written = path.read_bytes()
        old, size = sizes[-1], len(written)
        keep = {"nothing": old, "half": (old + size) // 2, "all but the end": size - 1, "all": size}
        sizes.append(keep[next(portions)])
        path.write_bytes(written[: sizes[-1]])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("varmentaja.observer.record.os.fsync", no_room)
        for minute in (1, 2):
            with pytest.raises(OSError, match="No space"):
                add(record, a_round(minute, stale=True))
    add(record, a_round(3))
    again = Record(tmp_path, START).report
    assert again == record.report and again is not None
    assert again.days[Service.CRL][START.date()].rounds == 4
    assert [each.begun_at for each in again.over] == [START + MINUTE]


def test_the_record_is_only_appended_to(tmp_path: Path) -> None:
    record = Record(tmp_path, START)
    add(record, a_round(0))
    (path,) = (tmp_path / "rounds").iterdir()
    before = path.read_bytes()
    add(record, a_round(1, stale=True))
    assert path.read_bytes().startswith(before)


def test_old_days_are_removed(tmp_path: Path) -> None:
    record = Record(tmp_path, START)
    add(record, a_round(0))
    add(record, a_round((limits().days + 1) * 24 * 60))
    assert len(list((tmp_path / "rounds").iterdir())) == 1


def test_metrics_tell_numbers_and_outages(tmp_path: Path) -> None:
    record = Record(tmp_path, START)
    for minute in range(2):
        add(record, a_round(minute, stale=True))
    report = record.report
    assert report is not None
    write_metrics(tmp_path / "metrics.prom", report)
    text = (tmp_path / "metrics.prom").read_text()
    assert 'varmentaja_observer_asked{service="crl"} 3.0' in text
    assert 'varmentaja_observer_outage{service="crl",trouble="stale"} 1.0' in text
    assert 'varmentaja_observer_outage{service="crl",trouble="slow"} 0.0' in text
    assert 'varmentaja_observer_outage{service="crl",trouble="old_plan"} 0.0' in text
