# SPDX-License-Identifier: EUPL-1.2
"""Holds are written when a gate stops a publication and end when one passes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import QuerySet

from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.paging import is_any
from varmentaja.apps.status.answers import overdue
from varmentaja.apps.status.gate import PublicationGate, seen_of
from varmentaja.apps.status.models import CrlShard, Hold
from varmentaja.apps.status.told import forget, remember
from varmentaja.domain.actors import SYSTEM
from varmentaja.domain.authority import Subject
from varmentaja.domain.publication_gate import (
    HOLD,
    OPEN,
    Finding,
    Gate,
    HoldEvent,
    HoldFacts,
    HoldState,
    covers,
    has_grown,
    limits,
)
from varmentaja.pki.serials import serial_text

MOST_WAITING = 20
"""Holds about one subject that wait for officers. A fault in all answers is about others in each run; more of
them would say no more, but what is found now is always among them."""

_log = structlog.get_logger("status")


@transaction.atomic
def hold_back(findings: Sequence[Finding], *, now: datetime) -> None:
    """Alarm the office, once for each finding. What has grown beyond what was asked for is a new one, and so
    is what is about other certificates."""
    for finding in findings:
        rows = (
            Hold.objects.select_for_update()
            .filter(gate=finding.gate, subject=finding.subject, message__isnull=False)
            .filter(state__in=(HoldState.HELD, HoldState.ASKED))
            .order_by("id")
        )
        _tell(finding, list(rows), now)


def _tell(finding: Finding, rows: Sequence[Hold], now: datetime) -> None:
    """``rows`` are what waits for officers about the same subject."""
    if any(_tells(row, finding) for row in rows):
        return
    grown = [row for row in rows if has_grown(seen_of(row), finding)]
    held = next((row for row in grown if row.state == HoldState.HELD), None)
    for row in grown:
        if row is not held:
            _move(row, HoldEvent.END)
    if held is not None:
        _describe(held, finding)
        held.save(update_fields=["count", "message", "certificates"])
        return
    if len(rows) - len(grown) >= MOST_WAITING:
        _make_room(rows)
    _alarm(finding, now)


def _make_room(rows: Sequence[Hold]) -> None:
    """The newest that nobody has asked for gives way to what is found now; its names are not kept."""
    if newest := next((row for row in reversed(rows) if row.state == HoldState.HELD), None):
        newest.certificates = []
        newest.save(update_fields=["certificates"])
        _move(newest, HoldEvent.END)


def _tells(row: Hold, finding: Finding) -> bool:
    """Whether officers see it there. Until one has asked, a jump is told as it is: what comes on top of the
    number they see is let through later."""
    seen = seen_of(row)
    return covers(seen, finding) and not (row.state == HoldState.HELD and has_grown(seen, finding))


def settle(gate: PublicationGate, *, now: datetime) -> None:
    """After a publication, in the caller's transaction: releases that it needed are used, and holds whose
    cause is gone are over.

    A run may publish a part of what waits. So what was found ends, and a release for it is used up, only when
    a publication passes that leaves nothing behind. What goes by a number lasts until so much has passed, as
    what was announced until so many certificates are revoked. Two officers' word is good for a day.
    """
    remember(gate.revoked, now=now)
    forget(gate.restored)
    complete = not _something_waits(now)
    use_up(gate, gate.turned)
    for row in _open():
        if row.message is not None and complete:
            _move(row, HoldEvent.PASS if row.pk in gate.used else HoldEvent.END)
        elif _is_too_old(row, now):
            _move(row, HoldEvent.END)


def use_up(gate: PublicationGate, turned: int = 0) -> None:
    """What passed by two officers' word is taken from it, in the caller's transaction. A part of a set has
    ``turned`` nothing: all that turns revoked is counted when the set is put in force."""
    for row in _open().filter(pk__in=gate.used):
        row.count -= min(row.count, turned if row.gate == Gate.JUMP else gate.used[row.pk])
        row.save(update_fields=["count"])
        if row.count == 0:
            _move(row, HoldEvent.PASS)


def _open() -> QuerySet[Hold]:
    """Without the certificates, which may be many."""
    return Hold.objects.select_for_update().filter(state__in=OPEN).defer("certificates").order_by("id")


def _something_waits(now: datetime) -> bool:
    """Whether an answer or a list is due still; a revocation waits for its answer, too."""
    lists = CrlShard.objects.filter(due_at__lte=now)
    return lists.exists() or is_any(overdue(now))


def _is_too_old(row: Hold, now: datetime) -> bool:
    """A release, or an announcement that nobody has agreed to; what was found and still is has no age."""
    if row.message is not None and row.agreed_at is None:
        return False
    return (row.agreed_at or row.found_at) <= now - limits().release


def _alarm(finding: Finding, now: datetime) -> None:
    row = Hold(gate=finding.gate, subject=finding.subject, state=HOLD.start, found_at=now)
    _describe(row, finding)
    row.save()
    facts = {"gate": finding.gate, "subject": finding.subject, "count": finding.count}
    record(AuditAction.PUBLICATION_HELD, SYSTEM, row, facts=facts)
    _log.error("publication_held", **facts, found=str(finding.message))


def _describe(row: Hold, finding: Finding) -> None:
    row.count = finding.count
    row.message = {"text": finding.message.text, "values": dict(finding.message.values)}
    row.certificates = [[authority, serial_text(serial)] for authority, serial in finding.certificates]


def _move(row: Hold, event: HoldEvent) -> None:
    row.state = HOLD.apply(HoldState(row.state), event, SYSTEM, Subject(), HoldFacts())
    row.save(update_fields=["state"])
