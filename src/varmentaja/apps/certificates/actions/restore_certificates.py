# SPDX-License-Identifier: EUPL-1.2
"""Certificates whose newest records were lost are brought up to what was published of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.bulk import insert_all
from varmentaja.apps.certificates.models import REVOCATION, Certificate
from varmentaja.domain.actors import SYSTEM
from varmentaja.domain.certificates import CertificateState
from varmentaja.pki.serials import serial_text

LONGEST = timedelta(days=5 * 366)
"""No certificate for people lives longer: so long a lost one may be asked about."""


@dataclass(frozen=True, slots=True)
class PublishedStatus:
    """What an answer or a list says of a certificate."""

    serial: int
    revision: int
    revoked_at: datetime | None
    reason: str
    """A value of ``domain.revocation.RevocationReason``; empty when not revoked."""
    shard: int | None = None
    """Where the list says so."""


def restore_certificates(authority: str, published: Sequence[PublishedStatus], *, now: datetime) -> int:
    """Bring the records up to what was published; how many were changed or made.

    Runs in the caller's transaction. What the records know better stays.
    """
    held = Certificate.objects.select_for_update(of=("self",)).defer("twin", "der").order_by("id")
    serials = [serial_text(each.serial) for each in published]
    rows = {int(row.serial, 16): row for row in held.filter(authority=authority, serial__in=serials)}
    changed: dict[int, Certificate] = {}
    for each in published:
        row = rows.setdefault(each.serial, _unknown(authority, each, now))
        if _restore(row, each, now):
            changed[each.serial] = row
    insert_all([row for row in changed.values() if row.pk is None])
    for row in changed.values():
        row.save(update_fields=[*REVOCATION, "revision", "answer_due_at"])
        _record(row)
    return len(changed)


def _restore(row: Certificate, published: PublishedStatus, now: datetime) -> bool:
    """Whether there was anything to restore."""
    was_issued = row.state not in (CertificateState.RESERVED, CertificateState.BURNED)
    is_revoked = published.revoked_at is not None and row.state != CertificateState.REVOKED
    if was_issued and not is_revoked and row.revision >= published.revision:
        return False
    if not was_issued:
        row.state = CertificateState.RECOVERED
    if published.revoked_at is not None and is_revoked:
        row.set_revoked(published.revoked_at, published.reason)
    row.revision = max(row.revision, published.revision)
    row.answer_due_at = now
    return True


def _unknown(authority: str, published: PublishedStatus, now: datetime) -> Certificate:
    """A record of what is known of it: its serial, and that it is told of."""
    return Certificate(
        authority=authority,
        serial=serial_text(published.serial),
        state=CertificateState.RESERVED.value,
        shard=published.shard,
        not_before=now,
        not_after=now + LONGEST,
        twin=b"",
        reserved_at=now,
    )


def _record(row: Certificate) -> None:
    place = {"authority": row.authority, "serial": row.serial}
    if row.der is None:
        record(AuditAction.CERTIFICATE_RECOVERED, SYSTEM, row, facts=place)
    if row.state == CertificateState.REVOKED:
        facts = {**place, "reason": row.revocation_reason, "known_from": "publication"}
        record(AuditAction.CERTIFICATE_REVOKED, SYSTEM, row, facts=facts)
