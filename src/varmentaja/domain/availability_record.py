# SPDX-License-Identifier: EUPL-1.2
"""Rounds and reports as JSON: what the observer writes and the portal reads.

A round is one line of ``rounds/<day>.jsonl``, only ever appended; the report is one document, written anew
after each round and derived from the lines alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from varmentaja.domain.availability import (
    Day,
    Finding,
    Outage,
    Round,
    Service,
    Tally,
    Trouble,
    count_round,
    limits,
    next_outages,
)


@dataclass(frozen=True, slots=True)
class Report:
    """What is known after a round."""

    at: datetime
    """Of the last round."""
    tallies: dict[Service, Tally]
    """Of the last round: the services that are offered."""
    days: dict[Service, dict[date, Day]]
    """UTC days of the kept time that were observed."""
    open: tuple[Outage, ...]
    """What goes on; not all of it is believed yet."""
    over: tuple[Outage, ...]
    """What has ended within the kept time, oldest first."""
    signed_at: datetime | None = None
    holds_until: datetime | None = None
    """As in the last round."""


class History:
    """Rounds folded into a report, in the order of their times."""

    def __init__(self) -> None:
        self._open: list[Outage] = []
        self._over: list[Outage] = []
        self._days: dict[Service, dict[date, Day]] = {}
        self._last: Round | None = None

    def add(self, found: Round) -> tuple[list[Outage], list[Outage]]:
        """Count a round; the outages that are believed since this round, and those that ended with it."""
        same_day = self._last is not None and self._last.at.date() == found.at.date()
        self._last = found
        before = {(each.service, each.trouble, each.begun_at) for each in self._open if each.is_told}
        self._open, ended = next_outages(self._open, found)
        self._over += ended
        for service in found.tallies:
            days = self._days.setdefault(service, {})
            days[found.at.date()] = count_round(days.get(found.at.date(), Day()), service, found)
        if not same_day:
            self._forget(found.at)
        begun = [
            each
            for each in self._open
            if each.is_told and (each.service, each.trouble, each.begun_at) not in before
        ]
        return begun, ended

    def report(self) -> Report | None:
        """What is known; None before the first round."""
        if self._last is None:
            return None
        last = self._last
        return Report(
            last.at,
            last.tallies,
            self._days,
            tuple(self._open),
            tuple(self._over),
            last.signed_at,
            last.holds_until,
        )

    def _forget(self, now: datetime) -> None:
        first = now - timedelta(days=limits().days)
        self._over = [each for each in self._over if each.ended_at and each.ended_at >= first]
        for service, days in self._days.items():
            self._days[service] = {day: seen for day, seen in days.items() if day > first.date()}


def round_document(found: Round) -> dict[str, Any]:
    """A round as one JSON object; ``at`` comes first."""
    return {
        "at": found.at.isoformat(),
        "services": {
            service.value: [each.asked, each.lost, each.median_ms, each.slowest_ms]
            for service, each in found.tallies.items()
        },
        "findings": [
            [each.service.value, each.trouble.value, each.subject, each.detail] for each in found.findings
        ],
        "unasked": sorted(found.unasked),
        **_dates(found),
    }


def read_round(document: dict[str, Any]) -> Round:
    """The round that ``round_document`` wrote; KeyError, TypeError or ValueError for anything else."""
    return Round(
        at=datetime.fromisoformat(document["at"]),
        tallies={Service(name): Tally(*numbers) for name, numbers in document["services"].items()},
        findings=tuple(
            Finding(Service(service), Trouble(trouble), subject, detail)
            for service, trouble, subject, detail in document["findings"]
        ),
        signed_at=_moment(document.get("signed_at")),
        holds_until=_moment(document.get("holds_until")),
        unasked=frozenset(map(Service, document.get("unasked", ()))),
    )


def report_document(report: Report) -> dict[str, Any]:
    """A report as a JSON object."""
    return {
        "at": report.at.isoformat(),
        "services": {
            service.value: [each.asked, each.lost, each.median_ms, each.slowest_ms]
            for service, each in report.tallies.items()
        },
        "days": {
            service.value: {day.isoformat(): [seen.rounds, seen.troubled] for day, seen in days.items()}
            for service, days in report.days.items()
        },
        "open": [_outage(each) for each in report.open],
        "over": [_outage(each) for each in report.over],
        **_dates(report),
    }


def read_report(document: dict[str, Any]) -> Report:
    """The report that ``report_document`` wrote; KeyError, TypeError or ValueError for anything else."""
    return Report(
        at=datetime.fromisoformat(document["at"]),
        tallies={Service(name): Tally(*numbers) for name, numbers in document["services"].items()},
        days={
            Service(name): {date.fromisoformat(day): Day(*seen) for day, seen in days.items()}
            for name, days in document["days"].items()
        },
        open=tuple(_read_outages(document["open"])),
        over=tuple(_read_outages(document["over"])),
        signed_at=_moment(document.get("signed_at")),
        holds_until=_moment(document.get("holds_until")),
    )


def _dates(told: Round | Report) -> dict[str, str | None]:
    dates = {"signed_at": told.signed_at, "holds_until": told.holds_until}
    return {name: at.isoformat() if at else None for name, at in dates.items()}


def _outage(outage: Outage) -> dict[str, Any]:
    return {
        "service": outage.service.value,
        "trouble": outage.trouble.value,
        "begun_at": outage.begun_at.isoformat(),
        "last_seen": outage.last_seen.isoformat(),
        "rounds": outage.rounds,
        "subjects": list(outage.subjects),
        "detail": outage.detail,
        "down_since": outage.down_since and outage.down_since.isoformat(),
        "longest_down": outage.longest_down.total_seconds(),
        "ended_at": outage.ended_at and outage.ended_at.isoformat(),
    }


def _read_outages(documents: Iterable[dict[str, Any]]) -> Iterable[Outage]:
    for each in documents:
        yield Outage(
            service=Service(each["service"]),
            trouble=Trouble(each["trouble"]),
            begun_at=datetime.fromisoformat(each["begun_at"]),
            last_seen=datetime.fromisoformat(each["last_seen"]),
            rounds=int(each["rounds"]),
            subjects=tuple(each["subjects"]),
            detail=each["detail"],
            down_since=_moment(each["down_since"]),
            longest_down=timedelta(seconds=each["longest_down"]),
            ended_at=_moment(each["ended_at"]),
        )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
