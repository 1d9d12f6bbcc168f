# SPDX-License-Identifier: EUPL-1.2
"""What the observer has reported, read from its folder without the database; and what the office was told."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from django.conf import settings

from varmentaja.apps.observation.models import Outage as OutageRow
from varmentaja.apps.paging import Page, count_up_to, page_by_id
from varmentaja.domain.availability import MILD, Day, Outage, Service, Tally, Trouble, is_silent, limits
from varmentaja.domain.availability_record import Report, read_report


class Condition(StrEnum):
    """How a service is, in one word."""

    WORKS = "works"
    HAMPERED = "hampered"
    """Relying parties are served, but slowly, or renewal has failed."""
    DISTURBED = "disturbed"
    UNKNOWN = "unknown"
    """Nobody has looked lately."""


@dataclass(frozen=True, slots=True)
class ServiceView:
    """A service now, and day by day."""

    service: Service
    condition: Condition
    since: datetime | None
    """When its disturbance began."""
    tally: Tally
    days: tuple[tuple[date, Day], ...]
    """The kept time, oldest first; a day without a round was not observed."""

    @property
    def rounds(self) -> int:
        """How often it was asked."""
        return sum(day.rounds for _, day in self.days)

    @property
    def troubled(self) -> int:
        """In how many rounds something was wrong."""
        return sum(day.troubled for _, day in self.days)


@dataclass(frozen=True, slots=True)
class Overview:
    """All services."""

    at: datetime
    """Of the last round."""
    services: tuple[ServiceView, ...]
    outages: tuple[Outage, ...]
    """Those that last, then those of the kept time that are over; newest first."""
    is_silent: bool
    """Nobody has looked for too long."""
    signed_at: datetime | None
    """When the newest answer or list that came was signed."""
    holds_until: datetime | None
    """When the first of those goes out of date."""

    @property
    def lasting(self) -> tuple[Outage, ...]:
        """Those that go on."""
        return tuple(each for each in self.outages if each.ended_at is None)

    @property
    def absent(self) -> tuple[Service, ...]:
        """What was not asked: it is not offered, or the observer has no address of it."""
        asked = {each.service for each in self.services}
        return tuple(each for each in Service if each not in asked)

    @property
    def condition(self) -> Condition:
        """The worst of the services."""
        worst_first = (Condition.UNKNOWN, Condition.DISTURBED, Condition.HAMPERED)
        found = {each.condition for each in self.services}
        return next((each for each in worst_first if each in found), Condition.WORKS)


def read_last_report() -> Report | None:
    """The observer's report; None when there is none that can be read."""
    try:
        return read_report(json.loads((Path(settings.OBSERVER) / "report.json").read_bytes()))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def overview(*, now: datetime) -> Overview | None:
    """What is known; None when the observer has never reported."""
    report = read_last_report()
    if report is None:
        return None
    silent = is_silent(report.at, now)
    lasting = [each for each in report.open if each.is_told]
    return Overview(
        at=report.at,
        services=tuple(
            _service(service, tally, report, lasting, silent, now.date())
            for service, tally in report.tallies.items()
        ),
        outages=(*reversed(lasting), *reversed(report.over)),
        is_silent=silent,
        signed_at=report.signed_at,
        holds_until=report.holds_until,
    )


def _service(
    service: Service, tally: Tally, report: Report, lasting: Iterable[Outage], silent: bool, today: date
) -> ServiceView:
    own = [each for each in lasting if each.service is service]
    grave = [each for each in own if each.trouble not in MILD]
    condition = Condition.DISTURBED if grave else Condition.HAMPERED if own else Condition.WORKS
    seen = report.days.get(service, {})
    days = [today - timedelta(days=back) for back in reversed(range(limits().days))]
    return ServiceView(
        service=service,
        condition=Condition.UNKNOWN if silent else condition,
        since=min((each.begun_at for each in grave or own), default=None),
        tally=tally,
        days=tuple((day, seen.get(day, Day())) for day in days),
    )


@dataclass(frozen=True, slots=True)
class OutageLine:
    """A disturbance that the office was told of."""

    service: Service | None
    """None: the observer itself was silent."""
    trouble: Trouble
    begun_at: datetime
    ended_at: datetime | None
    subjects: tuple[str, ...]
    detail: str
    serious: bool


def outages(after: str) -> Page[OutageLine]:
    """Every disturbance, newest first."""
    return page_by_id(OutageRow.objects.all(), after, _line, newest_first=True)


def count_open_outages() -> int:
    """How many go on, up to a hundred."""
    return count_up_to(OutageRow.objects.filter(ended_at__isnull=True))


def _line(row: OutageRow) -> OutageLine:
    return OutageLine(
        service=Service(row.service) if row.service else None,
        trouble=Trouble(row.trouble),
        begun_at=row.begun_at,
        ended_at=row.ended_at,
        subjects=tuple(row.subjects),
        detail=row.detail,
        serious=row.serious,
    )
