# SPDX-License-Identifier: EUPL-1.2
"""Certificates whose validity has ended are noted as expired; in real time, as everything about them."""

from __future__ import annotations

from datetime import datetime

from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.certificates.models import Certificate
from varmentaja.domain.actors import SYSTEM
from varmentaja.domain.authority import Subject
from varmentaja.domain.certificates import (
    CERTIFICATE,
    CertificateEvent,
    CertificateFacts,
    CertificateState,
)


def ended_certificates(*, now: datetime, limit: int) -> list[Certificate]:
    """The certificates that ended first and are not noted as expired yet, at most ``limit``."""
    rows = Certificate.objects.filter(state=CertificateState.ISSUED, not_after__lt=now)
    return list(rows.defer("twin", "der").order_by("not_after", "id")[:limit])


def expire_certificate(certificate_id: int, *, now: datetime) -> None:
    """Note that the certificate has expired, unless it was revoked meanwhile; in the caller's transaction."""
    held = Certificate.objects.select_for_update(of=("self",)).defer("twin", "der")
    row = held.filter(pk=certificate_id, state=CertificateState.ISSUED).first()
    if row is None:
        return
    row.state = CERTIFICATE.apply(
        CertificateState(row.state),
        CertificateEvent.EXPIRE,
        SYSTEM,
        Subject(person_id=row.person_id),
        CertificateFacts(now=now, not_after=row.not_after),
    )
    row.save(update_fields=["state"])
    record(AuditAction.CERTIFICATE_EXPIRED, SYSTEM, row)


def all_ended(card_id: int, *, now: datetime) -> bool:
    """Whether no certificate of the card is in force any more."""
    return not Certificate.objects.filter(
        card_id=card_id, state=CertificateState.ISSUED, not_after__gte=now
    ).exists()
