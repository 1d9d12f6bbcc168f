# SPDX-License-Identifier: EUPL-1.2
"""The office is alarmed once for each outage and told of its end; a silent observer is an alarm itself."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from varmentaja.apps.audit.models import Entry
from varmentaja.apps.observation.actions.note_outages import note_outages
from varmentaja.apps.observation.models import Outage
from varmentaja.domain.availability import Finding, Round, Service, Tally, Trouble
from varmentaja.domain.availability_record import History, report_document

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)
FINE, DOWN = Tally(6, 0, 2, 9), Tally(6, 6, 1, 1)


class Reports:
    """An observer's reports, minute by minute."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.history = folder, History()
        self.now: datetime = timezone.now().replace(microsecond=0) - timedelta(hours=1)

    def report(self, *troubles: Trouble, tally: Tally = FINE) -> None:
        """The next round, and what the office does then."""
        self.now += MINUTE
        findings = tuple(Finding(Service.OCSP, each, "place", "why") for each in troubles)
        self.history.add(Round(self.now, {Service.OCSP: tally}, findings))
        report = self.history.report()
        assert report is not None
        (self.folder / "report.json").write_text(json.dumps(report_document(report)))
        note_outages(now=self.now)


@pytest.fixture
def reports(tmp_path: Path, settings: Any) -> Reports:
    settings.OBSERVER = tmp_path
    return Reports(tmp_path)


def told() -> list[str]:
    return [
        content["action"]
        for content in (json.loads(each.content) for each in Entry.objects.order_by("id"))
        if content["action"].startswith("status.outage")
    ]


def test_one_alarm_and_one_end(reports: Reports) -> None:
    for _ in range(4):
        reports.report(Trouble.UNREACHABLE)
    assert told() == ["status.outage_begun"]
    row = Outage.objects.get()
    assert (row.service, row.trouble, row.ended_at) == ("ocsp", "unreachable", None)
    assert row.begun_at == reports.now - 3 * MINUTE
    reports.report()
    reports.report()
    assert told() == ["status.outage_begun", "status.outage_ended"]
    row.refresh_from_db()
    assert row.ended_at == reports.now - MINUTE


def test_one_lost_packet_alarms_nobody(reports: Reports) -> None:
    reports.report(Trouble.UNREACHABLE)
    reports.report()
    assert told() == []


def test_a_wrong_status_alarms_at_once(reports: Reports) -> None:
    reports.report(Trouble.WRONG_STATUS)
    assert told() == ["status.outage_begun"]


def test_more_than_twenty_minutes_of_nothing_are_told_once(reports: Reports) -> None:
    for _ in range(25):
        reports.report(Trouble.UNREACHABLE, tally=DOWN)
    assert told() == ["status.outage_begun", "status.outage_serious"]
    assert Outage.objects.get().serious


def test_a_silent_observer_is_an_alarm_and_speaks_again(reports: Reports) -> None:
    reports.report()
    for minutes in (2, 4, 5):
        note_outages(now=reports.now + minutes * MINUTE)
    row = Outage.objects.get()
    assert (row.trouble, row.begun_at) == (Trouble.SILENT, reports.now)
    assert told() == ["status.outage_begun"]
    reports.now += 5 * MINUTE
    reports.report()
    row.refresh_from_db()
    assert row.ended_at == reports.now
    assert told() == ["status.outage_begun", "status.outage_ended"]


def test_an_observer_that_never_spoke_is_missed_after_its_plan_was_written(reports: Reports) -> None:
    note_outages(now=timezone.now())
    assert told() == []
    (reports.folder / "plan.json").write_text("{}")
    note_outages(now=timezone.now())
    assert told() == []
    note_outages(now=timezone.now() + 4 * MINUTE)
    assert told() == ["status.outage_begun"]


def test_an_outage_whose_record_was_lost_ends(reports: Reports) -> None:
    for _ in range(2):
        reports.report(Trouble.STALE)
    reports.history = History()
    reports.report()
    assert Outage.objects.get().ended_at == reports.now


def test_a_report_that_cannot_be_read_is_silence(reports: Reports) -> None:
    reports.report()
    (reports.folder / "report.json").write_text('{"at": 1}')
    (reports.folder / "plan.json").write_text("{}")
    note_outages(now=timezone.now() + 4 * MINUTE)
    assert told() == ["status.outage_begun"]
