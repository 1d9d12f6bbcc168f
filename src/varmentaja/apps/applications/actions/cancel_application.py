# SPDX-License-Identifier: EUPL-1.2
"""An application is cancelled before a card has been ordered."""

from __future__ import annotations

from datetime import date

from varmentaja.apps.action import use_case
from varmentaja.apps.applications.drafts import locked_application, move, require_version, save_step
from varmentaja.apps.applications.models import Application
from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.domain.actors import Actor
from varmentaja.domain.applications import ApplicationEvent


@use_case(AuditAction.APPLICATION_CANCELLED, Application)
def cancel_application(actor: Actor, application_id: int, version: int, *, today: date) -> None:
    """End the application; raises DomainError when it can no longer be cancelled."""
    application = locked_application(application_id)
    require_version(application, version)
    move(actor, application, ApplicationEvent.CANCEL, today=today)
    save_step(application, "state", today=today)
    record(AuditAction.APPLICATION_CANCELLED, actor, application)
