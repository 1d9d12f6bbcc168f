# SPDX-License-Identifier: EUPL-1.2
"""Holds are written when a gate stops a publication and end when one passes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import structlog
from django.db import transaction

from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.paging import is_any
from varmentaja.apps.status.answers import overdue
from varmentaja.apps.status.gate import PublicationGate
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
    allowance,
    limits,
)
from varmentaja.pki.serials import serial_text

_log = structlog.get_logger("status")


@transaction.atomic
def hold_back(findings: Sequence[Finding], *, now: datetime) -> None:
    """Alarm the office, once for each finding. One that has grown beyond what was asked for is a new one."""
    for finding in findings:
        row = (
            Hold.objects.select_for_update()
            .filter(gate=finding.gate, subject=finding.subject, message__isnull=False)
            .filter(state__in=(HoldState.HELD, HoldState.ASKED))
            .first()
        )
        if row and row.state == HoldState.ASKED:
            if finding.count <= row.count + allowance(finding.gate):
                continue
            _move(row, HoldEvent.END)
            row = None
        if row is None:
            _alarm(finding, now)
        elif finding.count > row.count:
            _describe(row, finding)
            row.save(update_fields=["count", "message", "certificates"])


def settle(gate: PublicationGate, *, now: datetime) -> None:
    """After a publication, in the caller's transaction: releases that it needed are used, and holds whose
    cause is gone are over.

    A run may publish a part of what waits. So what was found ends, and a release for it is used up, only when
    a publication passes that leaves nothing behind. What was announced lasts until so many certificates are
    revoked. Two officers' word is good for a day.
    """
    remember(gate.revoked, now=now)
    forget(gate.restored)
    complete = not _something_waits(now)
    for row in Hold.objects.select_for_update().filter(state__in=OPEN).order_by("id"):
        found, used = row.message is not None, row.pk in gate.used
        if used and row.gate == Gate.JUMP:
            row.count -= min(row.count, gate.turned)
            row.save(update_fields=["count"])
        if used and (row.count == 0 or (found and complete)):
            _move(row, HoldEvent.PASS)
        elif (found and complete) or _is_too_old(row, now):
            _move(row, HoldEvent.END)


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
