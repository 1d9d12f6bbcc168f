# SPDX-License-Identifier: EUPL-1.2
"""The office is alarmed once for each outage and told of its end; a silent observer is an alarm itself."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from tests.support import reports as support
from tests.support.reports import DOWN, FINE, MINUTE

from varmentaja.apps.audit.models import Entry
from varmentaja.apps.observation.actions.note_outages import note_outages
from varmentaja.apps.observation.models import Outage
from varmentaja.apps.observation.queries import overview
from varmentaja.domain.availability import Tally, Trouble
from varmentaja.domain.availability_record import History

pytestmark = pytest.mark.django_db


class Reports(support.Reports):
    """After each report the office looks."""

    def report(self, *troubles: Trouble, tally: Tally = FINE, after: timedelta = MINUTE) -> None:
        super().report(*troubles, tally=tally, after=after)
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


def test_an_observer_that_spoke_in_the_future_is_silent(reports: Reports) -> None:
    """The clock was set back: what was seen by the old one is not of now."""
    reports.report()
    note_outages(now=reports.now - MINUTE)
    assert told() == []
    silent = reports.now - 60 * MINUTE
    note_outages(now=silent)
    assert told() == ["status.outage_begun"]
    seen = overview(now=silent)
    assert seen and seen.is_silent
    for minutes in (-1, 4):
        note_outages(now=reports.now + minutes * MINUTE)
    assert told() == ["status.outage_begun"], "nothing has been reported since"
    reports.now += 5 * MINUTE
    reports.report()
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
