# SPDX-License-Identifier: EUPL-1.2
"""The availability of the status services: rounds of questions, troubles, outages, days.

An outage is one kind of trouble in one service, from the first round that saw it to the first that did not.
It is told to the office once it has been seen in as many rounds on end as data/observer.toml says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cache

from varmentaja.domain.data_files import load
from varmentaja.domain.errors import Message, message


class Service(StrEnum):
    """What relying parties ask."""

    OCSP = "ocsp"
    ONLINE = "online"
    CRL = "crl"
    CERTIFICATES = "certificates"
    DIRECTORY = "directory"


class Trouble(StrEnum):
    """What can be wrong with an answer."""

    UNREACHABLE = "unreachable"
    """No answer, or another HTTP status or media type than was to be expected."""
    SLOW = "slow"
    INVALID = "invalid"
    """OpenSSL or pyHanko refuses the signature, the path or the structure."""
    STALE = "stale"
    """Its validity has ended."""
    AGEING = "ageing"
    """Its validity ends so soon that the renewal must have failed."""
    WRONG_STATUS = "wrong_status"
    """A certificate whose status is known for sure is told wrongly."""
    DISAGREEMENT = "disagreement"
    """OCSP, full list and delta tell different things about one certificate."""
    DELTA_WITHOUT_BASE = "delta_without_base"
    """A delta that no published full list can be completed with (RFC 5280 §5.2.4)."""
    GOING_BACK = "going_back"
    """A list with a lower number than one seen before."""
    OLD_PLAN = "old_plan"
    """The worker, which publishes revocations, has long given the observer no new plan: dead, or stuck."""
    SILENT = "silent"
    """The observer itself has not told anything."""


SERVICES: dict[Service, Message] = {
    Service.OCSP: message("Status of one certificate (OCSP)"),
    Service.ONLINE: message("Status signed on the spot (OCSP with a nonce)"),
    Service.CRL: message("Revocation lists"),
    Service.CERTIFICATES: message("Certificates of the authorities"),
    Service.DIRECTORY: message("Directory (LDAP)"),
}
TROUBLES: dict[Trouble, Message] = {
    Trouble.UNREACHABLE: message("Does not answer"),
    Trouble.SLOW: message("Answers slowly"),
    Trouble.INVALID: message("Gives an answer that does not pass verification"),
    Trouble.STALE: message("Gives an answer that is out of date"),
    Trouble.AGEING: message("Has not been renewed in time"),
    Trouble.WRONG_STATUS: message("Tells a wrong status"),
    Trouble.DISAGREEMENT: message("Answers contradict each other"),
    Trouble.DELTA_WITHOUT_BASE: message("Changes were published without the list that they belong to"),
    Trouble.GOING_BACK: message("An older list came back"),
    Trouble.OLD_PLAN: message("May lack the newest changes: the background work has not been heard of"),
    Trouble.SILENT: message("The status services are not being observed"),
}
MILD = frozenset({Trouble.SLOW, Trouble.AGEING, Trouble.OLD_PLAN})
"""Relying parties are served all the same."""
USELESS = frozenset({Trouble.UNREACHABLE, Trouble.INVALID, Trouble.STALE})
"""Who asked is none the wiser."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The figures of data/observer.toml."""

    interval: timedelta
    silence: timedelta
    days: int
    slow: timedelta
    lost: timedelta
    in_vain: int
    asking: timedelta
    margin: timedelta
    agreement: timedelta
    plan: timedelta
    rounds_wrong: int
    rounds: int
    serious: timedelta

    def patience(self, trouble: Trouble) -> int:
        """Rounds on end before the office is told."""
        return self.rounds_wrong if trouble is Trouble.WRONG_STATUS else self.rounds


@cache
def limits() -> Limits:
    """What the data file says."""
    content = load("observer")
    interval = timedelta(seconds=content["rounds"]["seconds"])
    return Limits(
        interval=interval,
        silence=interval * content["rounds"]["silence"],
        days=int(content["rounds"]["days"]),
        slow=timedelta(milliseconds=content["answers"]["slow_milliseconds"]),
        lost=timedelta(seconds=content["answers"]["lost_seconds"]),
        in_vain=int(content["answers"]["in_vain"]),
        asking=timedelta(seconds=content["answers"]["asking_seconds"]),
        margin=timedelta(hours=content["answers"]["margin_hours"]),
        agreement=timedelta(seconds=content["answers"]["agreement_seconds"]),
        plan=timedelta(minutes=content["plan"]["minutes"]),
        rounds_wrong=int(content["alarm"]["wrong_status"]),
        rounds=int(content["alarm"]["otherwise"]),
        serious=timedelta(minutes=content["serious"]["minutes"]),
    )


def is_silent(last: datetime, now: datetime) -> bool:
    """Whether an observer that was heard at ``last`` is missed. What was seen in the future is of before a
    clock was set back: it says nothing of now."""
    return abs(now - last) > limits().silence


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was wrong in a round."""

    service: Service
    trouble: Trouble
    subject: str
    """An address, or authority and serial."""
    detail: str
    """What the program that judged it said, in English."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What one service was asked in one round."""

    asked: int
    lost: int
    """Questions without an answer that can be used: none, an invalid one, one that is out of date."""
    median_ms: int
    slowest_ms: int

    @property
    def is_down(self) -> bool:
        """No question got an answer that can be used."""
        return 0 < self.asked <= self.lost


@dataclass(frozen=True, slots=True)
class Round:
    """One round of questions."""

    at: datetime
    tallies: dict[Service, Tally]
    findings: tuple[Finding, ...] = ()
    signed_at: datetime | None = None
    """When the newest answer or list that came was signed (thisUpdate)."""
    holds_until: datetime | None = None
    """When the first of those that came goes out of date (nextUpdate)."""
    unasked: frozenset[Service] = frozenset()
    """Those to which there was no time for every question."""


@dataclass(frozen=True, slots=True)
class Outage:
    """A trouble of a service while it lasts, and afterwards."""

    service: Service
    trouble: Trouble
    begun_at: datetime
    last_seen: datetime
    rounds: int
    """How many rounds have seen it; once it is told, also those that had no time to look."""
    subjects: tuple[str, ...]
    """What it was seen on, sorted, up to ``MOST_SUBJECTS``."""
    detail: str
    """What was said at first."""
    down_since: datetime | None = None
    """Since when no question has got a usable answer; null while one does."""
    longest_down: timedelta = timedelta()
    """Longest time of that, up to the first round in which one did again."""
    ended_at: datetime | None = None

    @property
    def is_told(self) -> bool:
        """Whether it has lasted long enough to be believed, or the service gave nothing usable in the round
        before either, for whatever reason."""
        if self.ended_at or (self.down_since and self.down_since < self.last_seen):
            return True
        return self.rounds >= limits().patience(self.trouble)

    @property
    def is_serious(self) -> bool:
        """Whether it may have to be reported as a significant incident."""
        return self.longest_down > limits().serious

    def lasted(self, now: datetime) -> timedelta:
        """Its length so far."""
        return (self.ended_at or now) - self.begun_at


MOST_SUBJECTS = 10


@dataclass(frozen=True, slots=True)
class Day:
    """One service on one day (UTC)."""

    rounds: int = 0
    """How many rounds asked it; 0: not observed."""
    troubled: int = 0
    """In how many of them something was wrong that relying parties feel."""


def next_outages(open_ones: Sequence[Outage], found: Round) -> tuple[list[Outage], list[Outage]]:
    """What is going on after a round, and what has ended with it (only what was believed).

    An outage that is not seen any more after a silence ended with the first round after it, since nobody
    knows better. One that the round had no time to look for goes on.
    """
    lasting: list[Outage] = []
    ended: list[Outage] = []
    troubled: dict[tuple[Service, Trouble], list[Finding]] = {}
    down = _down_since(open_ones, found)
    for finding in found.findings:
        troubled.setdefault((finding.service, finding.trouble), []).append(finding)
    for outage in open_ones:
        seen = troubled.pop((outage.service, outage.trouble), None)
        if seen is not None:
            lasting.append(_goes_on(outage, found, seen, down))
            continue
        longest = _longest_down(outage, outage.down_since, found.at)
        unseen = replace(outage, down_since=None, longest_down=longest)
        if _had_no_time_for(outage, found):
            lasting.append(replace(unseen, rounds=outage.rounds + outage.is_told))  # what is told stays told
        elif outage.is_told:
            ended.append(replace(unseen, ended_at=found.at))
    for (service, trouble), seen in troubled.items():
        fresh = Outage(service, trouble, found.at, found.at, 0, (), seen[0].detail)
        lasting.append(_goes_on(fresh, found, seen, down))
    return lasting, ended


def _had_no_time_for(outage: Outage, found: Round) -> bool:
    """Whether it may go on unseen, by a question that was not asked."""
    if outage.trouble is Trouble.OLD_PLAN:
        return False  # nobody is asked for it
    if outage.trouble is Trouble.DISAGREEMENT:
        return bool(found.unasked)  # of two services, perhaps
    return outage.service in found.unasked


def _down_since(open_ones: Sequence[Outage], found: Round) -> dict[Service, datetime]:
    """The services that gave nothing usable, and since when; what was amiss may have changed meanwhile."""
    since = {service: found.at for service, tally in found.tallies.items() if tally.is_down}
    for outage in open_ones:
        if outage.service in since and outage.down_since is not None:
            since[outage.service] = min(since[outage.service], outage.down_since)
    return since


def _goes_on(outage: Outage, found: Round, seen: list[Finding], down: dict[Service, datetime]) -> Outage:
    since = down.get(outage.service) if outage.trouble in USELESS else None
    subjects = sorted({*outage.subjects, *(finding.subject for finding in seen)})
    return replace(
        outage,
        last_seen=found.at,
        rounds=outage.rounds + 1,
        subjects=tuple(subjects[:MOST_SUBJECTS]),
        down_since=since,
        longest_down=_longest_down(outage, since or outage.down_since, found.at),
    )


def _longest_down(outage: Outage, since: datetime | None, until: datetime) -> timedelta:
    return max(outage.longest_down, until - since) if since else outage.longest_down


def count_round(day: Day, service: Service, found: Round) -> Day:
    """The day with one round more."""
    felt = any(each.service is service and each.trouble not in MILD for each in found.findings)
    return Day(day.rounds + 1, day.troubled + felt)
