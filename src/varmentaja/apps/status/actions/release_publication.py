# SPDX-License-Identifier: EUPL-1.2
"""Two officers let a held publication through, or a bulk revocation before it comes."""

from __future__ import annotations

from datetime import datetime

from varmentaja.apps.action import use_case
from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.status.models import Hold
from varmentaja.apps.status.tasks import publish_changes
from varmentaja.domain.actors import Actor
from varmentaja.domain.authority import Action, Subject, require
from varmentaja.domain.errors import conflict, invalid, not_found
from varmentaja.domain.publication_gate import HOLD, Gate, HoldEvent, HoldFacts, HoldState


@use_case(AuditAction.PUBLICATION_RELEASED, Hold)
def ask_for_release(actor: Actor, hold_id: int, reason: str, *, seen: int) -> None:
    """The first officer would let it through, and says why. ``seen`` is the count that was looked at.

    Raises DomainError: not_found, not_allowed, invalid (no reason), conflict (asked for already, settled, or
    grown since).
    """
    row = _locked(hold_id)
    _move(actor, row, HoldEvent.ASK, HoldFacts(acting=actor.person_id))
    _must_be_what_was_seen(row, seen)
    row.asked_by_id, row.reason = actor.person_id, _reason(reason)
    row.save(update_fields=["state", "asked_by", "reason"])
    record(AuditAction.PUBLICATION_RELEASED, actor, row, facts={"step": "asked", "count": row.count})


@use_case(AuditAction.PUBLICATION_RELEASED, Hold)
def agree_to_release(actor: Actor, hold_id: int, *, seen: int, now: datetime) -> None:
    """A second officer agrees, and publication starts again. ``seen`` as above.

    Raises DomainError: not_found, not_allowed, conflict (the same officer; not asked for; settled; grown).
    """
    row = _locked(hold_id)
    _move(actor, row, HoldEvent.AGREE, HoldFacts(row.asked_by_id, actor.person_id))
    _must_be_what_was_seen(row, seen)
    row.agreed_by_id, row.agreed_at = actor.person_id, now
    row.save(update_fields=["state", "agreed_by", "agreed_at"])
    record(AuditAction.PUBLICATION_RELEASED, actor, row, facts={"step": "agreed", "count": row.count})
    publish_changes.defer()


@use_case(AuditAction.PUBLICATION_RELEASED)
def announce_bulk_revocation(actor: Actor, count: int, reason: str, *, now: datetime) -> int:
    """An officer is about to revoke ``count`` certificates at once; a second one must agree. The row's id.

    Raises DomainError: not_allowed, invalid.
    """
    require(actor, Action.STATUS_RELEASE, Subject())
    if count < 1:
        raise invalid("Write how many certificates are revoked.", field="count")
    row = Hold.objects.create(
        gate=Gate.JUMP,
        count=count,
        state=HoldState.ASKED,
        found_at=now,
        asked_by_id=actor.person_id,
        reason=_reason(reason),
    )
    record(AuditAction.PUBLICATION_RELEASED, actor, row, facts={"step": "announced", "count": count})
    return row.pk


def _locked(hold_id: int) -> Hold:
    row = Hold.objects.select_for_update().filter(pk=hold_id).defer("certificates").first()
    if row is None:
        raise not_found("There is no such held publication.")
    return row


def _move(actor: Actor, row: Hold, event: HoldEvent, facts: HoldFacts) -> None:
    row.state = HOLD.apply(HoldState(row.state), event, actor, Subject(), facts)


def _must_be_what_was_seen(row: Hold, seen: int) -> None:
    """A hold that grows names more certificates, and its count grows with them."""
    if row.count > seen:
        raise conflict(
            "This has grown to %(count)d since you opened the page: look at it again.", count=row.count
        )


def _reason(text: str) -> str:
    if not text.strip():
        raise invalid("Write the reasons.", field="reason")
    return text.strip()
