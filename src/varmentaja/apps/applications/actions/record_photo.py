# SPDX-License-Identifier: EUPL-1.2
"""A photograph for the card's face, or the choice to have none."""

from __future__ import annotations

from datetime import date

from varmentaja.apps.action import use_case
from varmentaja.apps.applications.drafts import locked_draft, save_step
from varmentaja.apps.applications.models import Application
from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.domain.actors import Actor


@use_case(AuditAction.APPLICATION_CHANGED, Application)
def record_photo(
    actor: Actor, application_id: int, version: int, photo: bytes | None, *, today: date
) -> None:
    """Store a photograph that ``documents.photo`` has cleaned (JPEG without metadata), or None for none."""
    application = locked_draft(actor, application_id, version, today=today)
    application.with_photo = photo is not None
    application.photo = photo
    save_step(application, "with_photo", "photo", today=today)
    record(
        AuditAction.APPLICATION_CHANGED,
        actor,
        application,
        facts={"step": "photo", "photo": photo is not None},
    )
