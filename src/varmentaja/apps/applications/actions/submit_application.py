# SPDX-License-Identifier: EUPL-1.2
"""Submitting decides the application by rule, and an approved one orders the card at once (decision 26)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import uuid4

from varmentaja.apps.action import use_case
from varmentaja.apps.applications.carry_out import approve, hand_to_officer, refuse
from varmentaja.apps.applications.drafts import lock_person_of, locked_draft, move, save_step
from varmentaja.apps.applications.facts import facts_for
from varmentaja.apps.applications.models import Application
from varmentaja.apps.applications.professionals import as_document
from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.people.actions.refresh_person import refresh_person
from varmentaja.domain import people
from varmentaja.domain.actors import Actor
from varmentaja.domain.applications import ApplicationEvent
from varmentaja.domain.eligibility import Decision, decide
from varmentaja.domain.eligibility_rules import Outcome
from varmentaja.domain.errors import not_found
from varmentaja.domain.identity_code import IdentityCode
from varmentaja.domain.rights import Professional
from varmentaja.ports.connected import outside


@dataclass(frozen=True, slots=True)
class RegisterAnswers:
    """What the registers say of the applicant at the moment of submitting."""

    person: people.Person | None
    professional: Professional | None


def submit_application(
    actor: Actor, application_id: int, version: int, *, now: datetime, today: date
) -> Decision:
    """Decide the application on what the registers say now; the decision is stored and returned.

    Raises DomainError: conflict (an answer is missing, somebody changed or submitted it), unavailable (a
    register does not answer: the draft stays as it is).
    """
    return _submit(actor, application_id, version, ask_registers(application_id), now=now, today=today)


def ask_registers(application_id: int) -> RegisterAnswers:
    """What both registers say of the applicant; asked before a transaction begins, so that a slow register
    holds no lock. Raises DomainError not_found or unavailable."""
    application = Application.objects.select_related("person").filter(pk=application_id).first()
    if application is None:
        raise not_found("There is no such application.")
    code = IdentityCode.parse(application.person.identity_code)
    request_id = str(uuid4())
    return RegisterAnswers(
        outside().population_register.person(code, request_id=request_id),
        outside().professional_register.professional(code, request_id=request_id),
    )


@use_case(AuditAction.APPLICATION_SUBMITTED)
def _submit(
    actor: Actor, application_id: int, version: int, answers: RegisterAnswers, *, now: datetime, today: date
) -> Decision:
    lock_person_of(application_id)
    application = locked_draft(actor, application_id, version, today=today)
    move(actor, application, ApplicationEvent.SUBMIT, today=today)
    if answers.person is not None and answers.person.alive:
        application.person = refresh_person(answers.person, now=now)
    application.professional = as_document(answers.professional)
    application.submitted_at, application.submitted_on = now, today
    decision = decide(facts_for(application, answers.person, answers.professional, today=today), today)
    application.decision = decision.to_document()
    application.decided_at = now
    save_step(
        application,
        "state",
        "professional",
        "submitted_at",
        "submitted_on",
        "decision",
        "decided_at",
        today=today,
    )
    record(AuditAction.APPLICATION_SUBMITTED, actor, application)
    _carry_out(application, decision, now=now, today=today)
    return decision


def _carry_out(application: Application, decision: Decision, *, now: datetime, today: date) -> None:
    match decision.outcome:
        case Outcome.APPROVED:
            approve(application, decision, now=now, today=today)
        case Outcome.REFUSED:
            refuse(application, today=today)
        case Outcome.TO_OFFICER:
            hand_to_officer(application, today=today)
