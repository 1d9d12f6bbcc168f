# SPDX-License-Identifier: EUPL-1.2
"""Bring what the observer reports into the records: the office is alarmed once for each outage, and told of
its end. An observer that has fallen silent is an outage of its own."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import structlog
from django.conf import settings
from django.db import transaction

from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.observation.actions.write_plan import PLAN
from varmentaja.apps.observation.models import Outage
from varmentaja.apps.observation.queries import read_last_report
from varmentaja.domain import availability
from varmentaja.domain.actors import SYSTEM
from varmentaja.domain.availability import Trouble, is_silent
from varmentaja.domain.availability_record import Report

_log = structlog.get_logger("status")


@transaction.atomic
def note_outages(*, now: datetime) -> None:
    """Do it; what was noted before is not noted again."""
    report = read_last_report()
    _note_silence(report, now=now)
    if report is None:
        return
    seen = [_note(each) for each in (*report.over, *report.open) if each.is_told]
    lost = Outage.objects.select_for_update().filter(ended_at__isnull=True).exclude(trouble=Trouble.SILENT)
    for row in lost.exclude(pk__in=seen):
        _end(row, report.at)  # the record that told of it is gone: it has not been seen since


def _note(outage: availability.Outage) -> int:
    row, is_new = Outage.objects.select_for_update().get_or_create(
        service=outage.service,
        trouble=outage.trouble,
        begun_at=outage.begun_at,
        defaults={"subjects": list(outage.subjects), "detail": outage.detail},
    )
    if is_new:
        _tell(AuditAction.OUTAGE_BEGUN, row)
    if outage.is_serious and not row.serious:
        row.serious = True
        row.save(update_fields=["serious"])
        _tell(AuditAction.OUTAGE_SERIOUS, row)
    if row.subjects != list(outage.subjects):
        row.subjects = list(outage.subjects)
        row.save(update_fields=["subjects"])
    if outage.ended_at is not None and row.ended_at is None:
        _end(row, outage.ended_at)
    return row.pk


def _note_silence(report: Report | None, *, now: datetime) -> None:
    """A service that has never made a plan has no observer yet."""
    last = report.at if report else _planned_at()
    if last is None:
        return
    silent = is_silent(last, now)
    row = Outage.objects.select_for_update().filter(trouble=Trouble.SILENT, ended_at__isnull=True).first()
    if silent and row is None:
        _tell(AuditAction.OUTAGE_BEGUN, Outage.objects.create(trouble=Trouble.SILENT, begun_at=last))
    elif row is not None and report is not None and not silent and report.at != row.begun_at:
        _end(row, report.at)


def _planned_at() -> datetime | None:
    try:
        seconds = (Path(settings.OBSERVER) / PLAN).stat().st_ctime
    except OSError:
        return None
    return datetime.fromtimestamp(seconds).astimezone()


def _end(row: Outage, at: datetime) -> None:
    row.ended_at = at
    row.save(update_fields=["ended_at"])
    _tell(AuditAction.OUTAGE_ENDED, row)


def _tell(action: AuditAction, row: Outage) -> None:
    facts = {
        "service": row.service,
        "trouble": str(row.trouble),
        "since": row.begun_at.isoformat(),
        "until": row.ended_at and row.ended_at.isoformat(),
    }
    record(action, SYSTEM, row, facts=facts)
    log = _log.warning if action is AuditAction.OUTAGE_ENDED else _log.error
    log(action.value.removeprefix("status."), **facts)
