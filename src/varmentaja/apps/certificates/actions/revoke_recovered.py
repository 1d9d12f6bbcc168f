# SPDX-License-Identifier: EUPL-1.2
"""Revoke a certificate whose record was lost: nobody can find it by its holder or card any more."""

from __future__ import annotations

from datetime import datetime

from varmentaja.apps.action import use_case
from varmentaja.apps.audit.recording import AuditAction
from varmentaja.apps.certificates.actions.revoke_certificates import revoke_rows
from varmentaja.apps.certificates.models import Certificate
from varmentaja.domain.actors import Actor
from varmentaja.domain.authority import Subject
from varmentaja.domain.certificates import (
    CERTIFICATE,
    CertificateEvent,
    CertificateFacts,
    CertificateState,
)
from varmentaja.domain.errors import not_found
from varmentaja.domain.revocation import GROUNDS, Ground


@use_case(AuditAction.CERTIFICATE_REVOKED)
def revoke_recovered(actor: Actor, authority: str, serial: str, ground: Ground, *, now: datetime) -> None:
    """Revoke it for good; it stands in every list of its authority, since nobody knows which is its own.

    Raises DomainError: not_found, not_allowed, conflict (revoked already).
    """
    rows = Certificate.objects.select_for_update(of=("self",)).filter(authority=authority, card=None)
    row = rows.filter(serial=serial.lower(), state=CertificateState.RECOVERED).first()
    if row is None:
        raise not_found("There is no such certificate.")
    CERTIFICATE.apply(
        CertificateState(row.state),
        CertificateEvent.REVOKE,
        actor,
        Subject(person_id=row.person_id),
        CertificateFacts(now=now, not_after=row.not_after),
    )
    revoke_rows(actor, [row], GROUNDS[ground].code, now=now)
