# SPDX-License-Identifier: EUPL-1.2
"""The registrar records the identity document that the applicant showed at the desk."""

from __future__ import annotations

from datetime import date

from varmentaja.apps.action import use_case
from varmentaja.apps.applications.drafts import locked_draft, save_step
from varmentaja.apps.applications.models import Application
from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.domain.actors import Actor
from varmentaja.domain.errors import DomainError, Kind
from varmentaja.domain.identity_documents import IdentityDocument, why_not_accepted


@use_case(AuditAction.APPLICATION_CHANGED, Application)
def record_identity_document(
    actor: Actor,
    application_id: int,
    version: int,
    document: IdentityDocument,
    number: str,
    *,
    today: date,
) -> None:
    """Store what was shown, its number encrypted; raises DomainError invalid (field ``kind``) if it does not
    identify its bearer today."""
    application = locked_draft(actor, application_id, version, today=today)
    refusal = why_not_accepted(document, today)
    if refusal is not None:
        raise DomainError(Kind.INVALID, refusal, field="kind")
    application.identity_document = {
        "kind": document.kind,
        "country": document.country,
        "valid_until": document.valid_until.isoformat() if document.valid_until else None,
        "number": number,
    }
    save_step(application, "identity_document", today=today)
    record(
        AuditAction.APPLICATION_CHANGED,
        actor,
        application,
        facts={"step": "document", "kind": document.kind},
        personal={"number": number},
    )
