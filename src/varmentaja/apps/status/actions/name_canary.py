# SPDX-License-Identifier: EUPL-1.2
"""An officer names a certificate whose status is known for sure; publications are judged by it."""

from __future__ import annotations

from varmentaja.apps.action import use_case
from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.status.models import Canary
from varmentaja.domain.actors import Actor
from varmentaja.domain.authority import Action, Subject, require
from varmentaja.domain.certificates import CertificateState
from varmentaja.domain.errors import conflict, not_found


@use_case(AuditAction.CANARY_NAMED)
def name_canary(actor: Actor, authority: str, serial: str) -> None:
    """The certificate's status today is what every publication must tell from now on.

    Raises DomainError: not_allowed, not_found, conflict (neither in force nor revoked).
    """
    require(actor, Action.STATUS_RELEASE, Subject())
    row = Certificate.objects.filter(authority=authority, serial=serial.lower()).first()
    if row is None:
        raise not_found("There is no such certificate.")
    if row.state not in (CertificateState.ISSUED, CertificateState.REVOKED):
        raise conflict("Only a certificate in force or a revoked one can stand watch.")
    canary, _ = Canary.objects.update_or_create(
        authority=authority, serial=row.serial, defaults={"revoked": row.state == CertificateState.REVOKED}
    )
    record(AuditAction.CANARY_NAMED, actor, canary, facts={"revoked": canary.revoked})


@use_case(AuditAction.CANARY_DISMISSED)
def dismiss_canary(actor: Actor, canary_id: int) -> None:
    """Publications are judged by it no more. Raises DomainError: not_allowed, not_found."""
    require(actor, Action.STATUS_RELEASE, Subject())
    canary = Canary.objects.filter(pk=canary_id).first()
    if canary is None:
        raise not_found("There is no such certificate.")
    record(AuditAction.CANARY_DISMISSED, actor, canary)
    canary.delete()
