# SPDX-License-Identifier: EUPL-1.2
"""An officer names a certificate whose status is known for sure; two end its watch."""

from __future__ import annotations

from varmentaja.apps.action import use_case
from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.status.models import Canary
from varmentaja.apps.status.tasks import publish_changes
from varmentaja.domain.actors import Actor
from varmentaja.domain.authority import Action, Subject, require
from varmentaja.domain.canaries import CANARY, CanaryEvent, CanaryFacts, CanaryState
from varmentaja.domain.certificates import CertificateState
from varmentaja.domain.errors import conflict, invalid, not_found


@use_case(AuditAction.CANARY_NAMED)
def name_canary(actor: Actor, serial: str) -> int:
    """The certificate's status today is what every publication must tell from now on. The row's id.

    Raises DomainError: not_allowed, invalid (no such certificate), conflict (neither in force nor revoked;
    it stands watch already: naming it anew would change what is known of it by one officer's word).
    """
    require(actor, Action.STATUS_RELEASE, Subject())
    row = Certificate.objects.filter(serial=serial.strip().lower()).order_by("id").first()
    if row is None:
        raise invalid("There is no certificate with this serial number.", field="serial")
    if row.state not in (CertificateState.ISSUED, CertificateState.REVOKED):
        raise conflict("Only a certificate in force or a revoked one can stand watch.")
    revoked = row.state == CertificateState.REVOKED
    canary, is_new = Canary.objects.get_or_create(
        authority=row.authority, serial=row.serial, defaults={"revoked": revoked}
    )
    if not is_new:
        raise conflict("This certificate stands watch already.")
    record(AuditAction.CANARY_NAMED, actor, canary, facts={"revoked": revoked})
    return canary.pk


@use_case(AuditAction.CANARY_DISMISSED, Canary)
def ask_for_dismissal(actor: Actor, canary_id: int, reason: str) -> None:
    """The first officer would end its watch, and says why.

    Raises DomainError: not_found, not_allowed, invalid (no reason), conflict (asked for already).
    """
    canary = _locked(canary_id)
    _move(actor, canary, CanaryEvent.ASK)
    if not reason.strip():
        raise invalid("Write the reasons.", field="reason")
    canary.asked_by_id, canary.reason = actor.person_id, reason.strip()
    canary.save(update_fields=["state", "asked_by", "reason"])
    record(AuditAction.CANARY_DISMISSED, actor, canary, facts={"step": "asked"})


@use_case(AuditAction.CANARY_DISMISSED, Canary)
def agree_to_dismissal(actor: Actor, canary_id: int) -> None:
    """A second officer agrees: publications are judged by it no more, and one that waits starts again.

    Raises DomainError: not_found, not_allowed, conflict (the same officer; not asked for).
    """
    canary = _locked(canary_id)
    _move(actor, canary, CanaryEvent.AGREE)
    facts = {"step": "agreed", "asked_by": canary.asked_by_id}
    record(AuditAction.CANARY_DISMISSED, actor, canary, facts=facts)
    canary.delete()
    publish_changes.defer()


@use_case(AuditAction.CANARY_DISMISSED, Canary)
def keep_watching(actor: Actor, canary_id: int) -> None:
    """Any officer takes the asking back. Raises DomainError: not_found, not_allowed, conflict (not asked)."""
    canary = _locked(canary_id)
    _move(actor, canary, CanaryEvent.KEEP)
    canary.asked_by, canary.reason = None, ""
    canary.save(update_fields=["state", "asked_by", "reason"])
    record(AuditAction.CANARY_DISMISSED, actor, canary, facts={"step": "kept"})


def _locked(canary_id: int) -> Canary:
    canary = Canary.objects.select_for_update().filter(pk=canary_id).first()
    if canary is None:
        raise not_found("There is no such certificate.")
    return canary


def _move(actor: Actor, canary: Canary, event: CanaryEvent) -> None:
    facts = CanaryFacts(canary.asked_by_id, actor.person_id)
    canary.state = CANARY.apply(CanaryState(canary.state), event, actor, Subject(), facts)
