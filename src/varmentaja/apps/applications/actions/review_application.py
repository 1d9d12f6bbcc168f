# SPDX-License-Identifier: EUPL-1.2
"""An officer decides what the rules could not settle, with reasons."""

from __future__ import annotations

from datetime import date, datetime

from django.db import IntegrityError, transaction

from varmentaja.apps.action import use_case
from varmentaja.apps.applications.carry_out import approve, refuse
from varmentaja.apps.applications.drafts import locked_application, move, require_version, save_step
from varmentaja.apps.applications.models import Application
from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.domain.actors import Actor
from varmentaja.domain.applications import ApplicationEvent
from varmentaja.domain.eligibility import Decision
from varmentaja.domain.errors import conflict


@use_case(AuditAction.APPLICATION_REVIEWED, Application)
def approve_after_review(
    actor: Actor, application_id: int, version: int, reason: str, *, now: datetime, today: date
) -> None:
    """Approve, whatever the rules doubted; the card is ordered at once."""
    application = _to_review(actor, application_id, version, reason)
    decision = Decision.from_document(application.decision or {})
    approve(application, decision, now=now, today=today, by=actor, review_reason=reason)


@use_case(AuditAction.APPLICATION_REVIEWED, Application)
def refuse_after_review(actor: Actor, application_id: int, version: int, reason: str, *, today: date) -> None:
    """Refuse for the reason given."""
    application = _to_review(actor, application_id, version, reason)
    refuse(application, today=today, by=actor, review_reason=reason)


@use_case(AuditAction.APPLICATION_REVIEWED, Application)
def return_to_registrar(actor: Actor, application_id: int, version: int, reason: str, *, today: date) -> None:
    """Give the application back to the registration point as a draft, to be corrected.

    Raises DomainError conflict when a newer draft for the same card has been opened meanwhile.
    """
    application = _to_review(actor, application_id, version, reason)
    move(actor, application, ApplicationEvent.RETURN, today=today, review_reason=reason)
    try:
        with transaction.atomic():
            save_step(application, "state", today=today)
    except IntegrityError:
        raise conflict("The person already has an open application for this card.") from None


def _to_review(actor: Actor, application_id: int, version: int, reason: str) -> Application:
    application = locked_application(application_id)
    require_version(application, version)
    application.review_reason = reason
    application.save(update_fields=["review_reason"])
    record(AuditAction.APPLICATION_REVIEWED, actor, application, personal={"reason": reason})
    return application
