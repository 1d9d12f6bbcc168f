# SPDX-License-Identifier: EUPL-1.2
"""An officer decides what the rules could not settle, with reasons."""

from __future__ import annotations

from datetime import date, datetime

from django.db import IntegrityError, transaction

from varmentaja.apps.action import traced, use_case
from varmentaja.apps.applications.carry_out import approve, refuse
from varmentaja.apps.applications.drafts import (
    authorise,
    check,
    lock_person_of,
    locked_application,
    move,
    require_version,
    save_step,
)
from varmentaja.apps.applications.models import Application
from varmentaja.apps.applications.registers import RegisterAnswers, ask_registers, decide_anew
from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.domain.actors import Actor
from varmentaja.domain.applications import ApplicationEvent
from varmentaja.domain.authority import Action
from varmentaja.domain.eligibility import Decision, news
from varmentaja.domain.eligibility_rules import Outcome
from varmentaja.domain.errors import DomainError, Kind, Message, conflict


def approve_after_review(
    actor: Actor, application_id: int, version: int, reason: str, *, now: datetime, today: date
) -> tuple[Message, ...]:
    """Approve, whatever the rules doubt today; the card is ordered at once.

    The rules are applied again on what the registers say now. If they say anything that the officer cannot
    know yet, that is returned and stored with the application, which still waits for the decision; nothing is
    returned when the application was approved. Raises DomainError: not_found, not_allowed, unavailable (a
    register), conflict (changed meanwhile; not waiting; the rules refuse it).
    """
    with traced(AuditAction.APPLICATION_REVIEWED, actor, Application(pk=application_id)):
        authorise(actor, Action.APPLICATION_REVIEW, application_id)
    answers = ask_registers(application_id)
    return _approve(actor, application_id, version, reason, answers, now=now, today=today)


@use_case(AuditAction.APPLICATION_REVIEWED, Application)
def _approve(
    actor: Actor,
    application_id: int,
    version: int,
    reason: str,
    answers: RegisterAnswers,
    *,
    now: datetime,
    today: date,
) -> tuple[Message, ...]:
    lock_person_of(application_id)
    application = locked_application(application_id)
    require_version(application, version)
    check(actor, application, ApplicationEvent.APPROVE, today=today, review_reason=reason)
    before = Decision.from_document(application.decision or {})
    decision = decide_anew(application, answers, now=now, today=today)
    heard = news(before, decision)
    if heard:
        save_step(application, "professional", "decision", "decided_at", today=today)
        record(AuditAction.APPLICATION_REVIEWED, actor, application, facts={"step": "decided_anew"})
        return heard
    if decision.outcome in (Outcome.REFUSED, Outcome.TO_DESK):
        raise DomainError(Kind.CONFLICT, decision.reasons()[0])
    if decision.facts.name_misfits:
        raise conflict(
            "A card cannot be made under this name. Refuse the application, or wait until the population"
            " register has a spelling that certificates can carry."
        )
    save_step(application, "professional", "decision", "decided_at", today=today)
    _note_review(actor, application, reason)
    approve(application, decision, now=now, today=today, by=actor, review_reason=reason)
    return ()


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
    _note_review(actor, application, reason)
    return application


def _note_review(actor: Actor, application: Application, reason: str) -> None:
    application.review_reason = reason
    application.save(update_fields=["review_reason"])
    record(AuditAction.APPLICATION_REVIEWED, actor, application, personal={"reason": reason})
