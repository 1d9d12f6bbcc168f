# SPDX-License-Identifier: EUPL-1.2
"""The applicant chooses the right to practise that the card is to carry."""

from __future__ import annotations

from datetime import date

from varmentaja.apps.action import use_case
from varmentaja.apps.applications.drafts import locked_draft, save_step
from varmentaja.apps.applications.models import Application
from varmentaja.apps.applications.professionals import professional_of
from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.domain.actors import Actor
from varmentaja.domain.errors import invalid


@use_case(AuditAction.APPLICATION_CHANGED, Application)
def choose_right(actor: Actor, application_id: int, version: int, right_code: str, *, today: date) -> None:
    """Store the choice; raises DomainError invalid (field ``right_code``) for a right not in force today."""
    application = locked_draft(actor, application_id, version, today=today)
    professional = professional_of(application)
    rights = professional.valid_rights(today) if professional else ()
    if right_code not in {right.code for right in rights}:
        raise invalid("Choose one of the rights that are in force.", field="right_code")
    application.right_code = right_code
    save_step(application, "right_code", today=today)
    record(AuditAction.APPLICATION_CHANGED, actor, application, facts={"step": "right", "right": right_code})
