# SPDX-License-Identifier: EUPL-1.2
"""What follows from a decision; runs in the transaction that decides."""

from __future__ import annotations

from datetime import date, datetime

from varmentaja.apps.applications.drafts import move, save_step
from varmentaja.apps.applications.models import Application
from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.cards.actions.order_card import order_card
from varmentaja.apps.codes.queries import titles_of
from varmentaja.domain.actors import SYSTEM, Actor
from varmentaja.domain.applications import ApplicationEvent
from varmentaja.domain.eligibility import Decision
from varmentaja.domain.errors import conflict
from varmentaja.domain.people import Language
from varmentaja.domain.rights import Right


def approve(
    application: Application,
    decision: Decision,
    *,
    now: datetime,
    today: date,
    by: Actor = SYSTEM,
    review_reason: str = "",
) -> None:
    """Approve the application and order its card."""
    move(by, application, ApplicationEvent.APPROVE, today=today, review_reason=review_reason)
    record(AuditAction.APPLICATION_APPROVED, by, application)
    order(application, decision, now=now, today=today)


def order(application: Application, decision: Decision, *, now: datetime, today: date) -> None:
    """Order the card of an approved application, with the right and the last day of the decision."""
    if decision.right is None or decision.valid_until is None:
        raise conflict("No right to practise is in force, so there is nothing that a card could carry.")
    application.right_code = decision.right.code
    move(SYSTEM, application, ApplicationEvent.ORDER, today=today)
    save_step(application, "state", "right_code", today=today)
    order_card(
        SYSTEM,
        application,
        title=title_of(decision.right, application.person.language),
        valid_until=decision.valid_until,
        now=now,
        today=today,
    )


def refuse(application: Application, *, today: date, by: Actor = SYSTEM, review_reason: str = "") -> None:
    """Refuse the application; the reasons stand in the decision."""
    move(by, application, ApplicationEvent.REFUSE, today=today, review_reason=review_reason)
    save_step(application, "state", today=today)
    record(AuditAction.APPLICATION_REFUSED, by, application)


def hand_to_officer(application: Application, *, today: date) -> None:
    """What rules cannot settle waits for an officer."""
    move(SYSTEM, application, ApplicationEvent.HAND_TO_OFFICER, today=today)
    save_step(application, "state", today=today)
    record(AuditAction.APPLICATION_HANDED_TO_OFFICER, SYSTEM, application)


def title_of(right: Right, language: str) -> str:
    """The title as printed and certified: Swedish for those whom we serve in Swedish."""
    return titles_of(right)[Language.SWEDISH if language == Language.SWEDISH else Language.FINNISH]
