# SPDX-License-Identifier: EUPL-1.2
"""Holds are written when a gate stops a publication and end when one passes."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

import structlog
from django.db import transaction

from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.status.models import Hold
from varmentaja.domain.actors import SYSTEM
from varmentaja.domain.authority import Subject
from varmentaja.domain.publication_gate import HOLD, Finding, HoldEvent, HoldFacts, HoldState, limits

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
        if row and (row.state == HoldState.HELD or finding.count <= row.count):
            if finding.count > row.count:
                row.count, row.message = finding.count, _document(finding)
                row.save(update_fields=["count", "message"])
            continue
        if row:
            _move(row, HoldEvent.END)
        row = Hold.objects.create(
            gate=finding.gate,
            subject=finding.subject,
            count=finding.count,
            message=_document(finding),
            state=HOLD.start,
            found_at=now,
        )
        record(
            AuditAction.PUBLICATION_HELD,
            SYSTEM,
            row,
            facts={"gate": finding.gate, "subject": finding.subject, "count": finding.count},
        )
        _log.error("publication_held", gate=finding.gate, subject=finding.subject, count=finding.count)


def settle(used: Collection[int], revocations: int, *, now: datetime) -> None:
    """After a publication: releases it needed are used, holds whose cause is gone are over, in the caller's
    transaction. What was announced lasts until so many certificates are revoked or it is too old."""
    rows = Hold.objects.select_for_update().filter(
        state__in=(HoldState.HELD, HoldState.ASKED, HoldState.RELEASED)
    )
    for row in rows.order_by("id"):
        if row.pk in used and row.message is None and row.count > revocations:
            row.count -= revocations
            row.save(update_fields=["count"])
        elif row.pk in used:
            _move(row, HoldEvent.PASS)
        elif row.message is not None or row.found_at <= now - limits().release:
            _move(row, HoldEvent.END)


def _move(row: Hold, event: HoldEvent) -> None:
    row.state = HOLD.apply(HoldState(row.state), event, SYSTEM, Subject(), HoldFacts())
    row.save(update_fields=["state"])


def _document(finding: Finding) -> dict[str, object]:
    return {"text": finding.message.text, "values": dict(finding.message.values)}
