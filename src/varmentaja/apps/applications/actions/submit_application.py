# SPDX-License-Identifier: EUPL-1.2
"""Submitting decides the application by rule, and an approved one orders the card at once (decision 26)."""

from __future__ import annotations

from datetime import date, datetime

from varmentaja.apps.action import traced, use_case
from varmentaja.apps.applications.carry_out import approve, hand_to_officer, refuse
from varmentaja.apps.applications.drafts import (
    authorise,
    lock_person_of,
    locked_draft,
    move,
    save_step,
)
from varmentaja.apps.applications.models import Application
from varmentaja.apps.applications.registers import RegisterAnswers, ask_registers, decide_anew
from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.domain.actors import SYSTEM, Actor
from varmentaja.domain.applications import ApplicationEvent
from varmentaja.domain.authority import Action
from varmentaja.domain.eligibility import Decision
from varmentaja.domain.eligibility_rules import Outcome


def submit_application(
    actor: Actor, application_id: int, version: int, *, now: datetime, today: date
) -> Decision:
    """Decide the application on what the registers say now; the decision is stored and returned.

    One that goes back to the desk (``Outcome.TO_DESK``) is a draft still, without the answer to be changed.

    Raises DomainError: conflict (an answer is missing, somebody changed or submitted it), unavailable (a
    register does not answer: the draft stays as it is).
    """
    with traced(AuditAction.APPLICATION_SUBMITTED, actor, Application(pk=application_id)):
        authorise(actor, Action.APPLICATION_SUBMIT, application_id)
    return _submit(actor, application_id, version, ask_registers(application_id), now=now, today=today)


@use_case(AuditAction.APPLICATION_SUBMITTED, Application)
def _submit(
    actor: Actor, application_id: int, version: int, answers: RegisterAnswers, *, now: datetime, today: date
) -> Decision:
    lock_person_of(application_id)
    application = locked_draft(actor, application_id, version, today=today)
    move(actor, application, ApplicationEvent.SUBMIT, today=today)
    decision = decide_anew(application, answers, now=now, today=today)
    if decision.outcome is Outcome.TO_DESK:
        _ask_address_again(application, today=today)
        return decision
    application.submitted_at, application.submitted_on = now, today
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


def _ask_address_again(application: Application, *, today: date) -> None:
    """The only answer that goes back to the desk (rule ``home-not-hidden``); the address is kept nowhere and
    the application stays a draft: its state is not stored."""
    application.delivery = None
    save_step(application, "delivery", "professional", today=today)
    facts = {"step": "delivery", "cleared": "non_disclosure"}
    record(AuditAction.APPLICATION_CHANGED, SYSTEM, application, facts=facts)


def _carry_out(application: Application, decision: Decision, *, now: datetime, today: date) -> None:
    match decision.outcome:
        case Outcome.APPROVED:
            approve(application, decision, now=now, today=today)
        case Outcome.REFUSED:
            refuse(application, today=today)
        case Outcome.TO_OFFICER:
            hand_to_officer(application, today=today)
