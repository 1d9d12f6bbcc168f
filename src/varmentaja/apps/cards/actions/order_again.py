# SPDX-License-Identifier: EUPL-1.2
"""A card was discarded at the factory because the registers had changed: an officer orders it anew."""

from __future__ import annotations

from datetime import date, datetime

from varmentaja.apps.action import traced, use_case
from varmentaja.apps.applications.carry_out import hand_to_officer, order
from varmentaja.apps.applications.drafts import (
    authorise,
    lock_person_of,
    locked_application,
    require_version,
    save_step,
)
from varmentaja.apps.applications.models import Application
from varmentaja.apps.applications.registers import RegisterAnswers, ask_registers, decide_anew
from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.domain.actors import Actor
from varmentaja.domain.applications import ApplicationState
from varmentaja.domain.authority import Action, Subject, require
from varmentaja.domain.eligibility import Decision, news
from varmentaja.domain.eligibility_rules import Outcome
from varmentaja.domain.errors import DomainError, Kind


def order_again(actor: Actor, application_id: int, version: int, *, now: datetime, today: date) -> bool:
    """Decide the approved application anew on what the registers say now, and order its card; whether it was.

    What the rules do not settle today, and no officer has settled before, waits for an officer to decide with
    reasons as any application does (review_application.py), and nothing is ordered.

    Raises DomainError: not_found, not_allowed, unavailable (a register), conflict (changed meanwhile; not
    waiting for a new order; refused today, with the reason: it can only be cancelled).
    """
    with traced(AuditAction.CARD_ORDERED, actor, Application(pk=application_id)):
        authorise(actor, Action.APPLICATION_REVIEW, application_id)
    return _order(actor, application_id, version, ask_registers(application_id), now=now, today=today)


@use_case(AuditAction.CARD_ORDERED, Application)
def _order(
    actor: Actor, application_id: int, version: int, answers: RegisterAnswers, *, now: datetime, today: date
) -> bool:
    lock_person_of(application_id)
    application = locked_application(application_id)
    require(actor, Action.APPLICATION_REVIEW, Subject(application.person_id, application.point_id))
    require_version(application, version)
    before = Decision.from_document(application.decision or {})
    decision = decide_anew(application, answers, now=now, today=today)
    if decision.outcome in (Outcome.REFUSED, Outcome.TO_DESK):
        raise DomainError(Kind.CONFLICT, decision.reasons()[0])
    settled = not decision.facts.name_misfits and not news(before, decision)
    if decision.outcome is Outcome.APPROVED or settled:
        order(application, decision, now=now, today=today)
    else:
        hand_to_officer(application, today=today)
    save_step(application, "professional", "decision", "decided_at", today=today)
    ordered = application.state == ApplicationState.ORDERED
    step = "ordered_again" if ordered else "decided_anew"
    record(AuditAction.APPLICATION_REVIEWED, actor, application, facts={"step": step})
    return ordered
