# SPDX-License-Identifier: EUPL-1.2
"""Reads of the audit trail: the history of something, what was refused, and how busy the day was."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import reduce
from operator import or_
from typing import Any

from django.db.models import Q, QuerySet

from varmentaja.apps.audit.events import AuditAction, Outcome
from varmentaja.apps.audit.models import Entry, PersonalFacts
from varmentaja.apps.paging import Page, page_by_id
from varmentaja.domain.errors import Message

DAY_MOST = 1000
"""How far back a day's count looks; a busier day reads as this many."""


@dataclass(frozen=True, slots=True)
class EntryLine:
    """One entry as a page shows it."""

    entry_id: int
    at: datetime
    action: AuditAction
    outcome: Outcome
    actor_person: int | None
    authentication: str
    acting_for: int | None
    subject_type: str
    """Label of the row's model, such as ``cards.card``; empty where the entry is about nothing."""
    subject_id: int | None
    facts: dict[str, Any]
    personal: dict[str, Any]

    @property
    def refusal(self) -> Message | None:
        """Why it was refused; None when it was done."""
        if self.outcome is not Outcome.REFUSED:
            return None
        return Message(self.facts["message"], self.personal)


def history_of(
    subjects: Mapping[str, Collection[int]],
    *,
    until: datetime | None,
    limit: int,
    without: Collection[AuditAction] = (),
) -> list[EntryLine]:
    """The newest entries about these rows (ids by model label), none later than ``until``."""
    about = (
        Q(subject_type=label, subject_id__in=[str(pk) for pk in ids])
        for label, ids in subjects.items()
        if ids
    )
    rows = _entries().filter(reduce(or_, about, Q(pk__in=[]))).exclude(action__in=list(without))
    if until is not None:
        rows = rows.filter(at__lte=until.astimezone(UTC).isoformat())
    return [_line(row) for row in rows.order_by("-at", "-id")[:limit]]


def refusals(after: str) -> Page[EntryLine]:
    """What rules refused, newest first."""
    return page_by_id(_entries().filter(outcome=Outcome.REFUSED), after, _line, newest_first=True)


def count_since(start: datetime, actions: Collection[AuditAction]) -> int:
    """How many of ``actions`` have been done since ``start``; looks at the last ``DAY_MOST`` of each."""
    since = start.astimezone(UTC).isoformat()
    return sum(
        sum(at >= since and outcome == Outcome.DONE for at, outcome in _newest(action)) for action in actions
    )


def _newest(action: AuditAction) -> list[tuple[str, str]]:
    rows = Entry.objects.filter(action=action).order_by("-id").values_list("at", "outcome")
    return [(str(at), str(outcome)) for at, outcome in rows[:DAY_MOST]]


def _entries() -> QuerySet[Entry]:
    return Entry.objects.select_related("personal")


def _line(row: Entry) -> EntryLine:
    document = row.document
    subject = document["subject"] or {"type": "", "id": None}
    return EntryLine(
        entry_id=row.pk,
        at=datetime.fromisoformat(document["at"]),
        action=AuditAction(document["action"]),
        outcome=Outcome(document["outcome"]),
        actor_person=document["actor"]["person"],
        authentication=document["actor"]["authentication"],
        acting_for=document["actor"]["for"],
        subject_type=subject["type"],
        subject_id=int(subject["id"]) if str(subject["id"]).isdecimal() else None,
        facts=document["facts"],
        personal=_personal(row),
    )


def _personal(row: Entry) -> dict[str, Any]:
    try:
        return dict(row.personal.facts)
    except PersonalFacts.DoesNotExist:
        return {}
