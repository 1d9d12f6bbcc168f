# SPDX-License-Identifier: EUPL-1.2
"""Asking both registers about an applicant, and deciding on what they say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import uuid4

from varmentaja.apps.applications.facts import facts_for
from varmentaja.apps.applications.models import Application
from varmentaja.apps.applications.professionals import as_document
from varmentaja.apps.people.actions.refresh_person import refresh_person
from varmentaja.domain import people
from varmentaja.domain.eligibility import Decision, decide
from varmentaja.domain.errors import not_found
from varmentaja.domain.identity_code import IdentityCode
from varmentaja.domain.rights import Professional
from varmentaja.ports.connected import outside


@dataclass(frozen=True, slots=True)
class RegisterAnswers:
    """What the registers say of the applicant at the moment of deciding."""

    person: people.Person | None
    professional: Professional | None


def ask_registers(application_id: int) -> RegisterAnswers:
    """What both registers say of the applicant; asked before a transaction begins, so that a slow register
    holds no lock, and after the actor's authority (``drafts.authorise``): a look there leaves a trace.

    Raises DomainError not_found or unavailable.
    """
    application = Application.objects.select_related("person").filter(pk=application_id).first()
    if application is None:
        raise not_found("There is no such application.")
    code = IdentityCode.parse(application.person.identity_code)
    request_id = str(uuid4())
    return RegisterAnswers(
        outside().population_register.person(code, request_id=request_id),
        outside().professional_register.professional(code, request_id=request_id),
    )


def decide_anew(
    application: Application, answers: RegisterAnswers, *, now: datetime, today: date
) -> Decision:
    """Apply the rules in force today to what the registers say; sets, and does not save, the application's
    ``professional``, ``decision`` and ``decided_at``."""
    if answers.person is not None and answers.person.alive:
        application.person = refresh_person(answers.person, now=now)
    application.professional = as_document(answers.professional)
    decision = decide(facts_for(application, answers.person, answers.professional, today=today), today)
    application.decision, application.decided_at = decision.to_document(), now
    return decision
