# SPDX-License-Identifier: EUPL-1.2
"""Reads of what is published, for the office."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from varmentaja.apps.paging import Page, count_up_to, page_by_id
from varmentaja.apps.status.models import Hold
from varmentaja.domain.errors import Message, not_found
from varmentaja.domain.publication_gate import OPEN, Gate, HoldState


@dataclass(frozen=True, slots=True)
class HoldLine:
    """A held publication, or a bulk revocation announced in advance (no message)."""

    hold_id: int
    gate: Gate
    subject: str
    count: int
    message: Message | None
    state: HoldState
    found_at: datetime
    reason: str
    asked_by: int | None
    agreed_by: int | None
    agreed_at: datetime | None


def holds(after: str) -> Page[HoldLine]:
    """Everything that was held or announced, newest first."""
    return page_by_id(Hold.objects.all(), after, _line, newest_first=True)


def hold(hold_id: int) -> HoldLine:
    """One of them; raises not_found."""
    row = Hold.objects.filter(pk=hold_id).first()
    if row is None:
        raise not_found("There is no such held publication.")
    return _line(row)


def count_open_holds() -> int:
    """How many wait for officers, up to a hundred."""
    return count_up_to(Hold.objects.filter(state__in=OPEN))


def _line(row: Hold) -> HoldLine:
    return HoldLine(
        hold_id=row.pk,
        gate=Gate(row.gate),
        subject=row.subject,
        count=row.count,
        message=Message(row.message["text"], row.message["values"]) if row.message else None,
        state=HoldState(row.state),
        found_at=row.found_at,
        reason=row.reason,
        asked_by=row.asked_by_id,
        agreed_by=row.agreed_by_id,
        agreed_at=row.agreed_at,
    )
