# SPDX-License-Identifier: EUPL-1.2
"""The applicant accepts the terms; which text it was is kept with the application."""

from __future__ import annotations

from datetime import date

from varmentaja.apps.action import use_case
from varmentaja.apps.applications.drafts import locked_draft, save_step
from varmentaja.apps.applications.models import Application
from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.documents.terms import current_terms
from varmentaja.domain.actors import Actor
from varmentaja.domain.errors import conflict


@use_case(AuditAction.APPLICATION_CHANGED, Application)
def accept_terms(actor: Actor, application_id: int, version: int, terms_version: str, *, today: date) -> None:
    """Store version and hash of the accepted terms; raises DomainError conflict if they are not in force."""
    application = locked_draft(actor, application_id, version, today=today)
    terms = current_terms()
    if terms.version != terms_version:
        raise conflict("The terms have changed. Read the new ones and accept them.")
    application.terms_version, application.terms_hash = terms.version, terms.hash
    save_step(application, "terms_version", "terms_hash", today=today)
    record(
        AuditAction.APPLICATION_CHANGED, actor, application, facts={"step": "terms", "terms": terms.version}
    )
