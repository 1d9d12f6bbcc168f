# SPDX-License-Identifier: EUPL-1.2
"""Asking both registers about an applicant, and deciding on what they say."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from varmentaja.apps.applications.facts import facts_for
from varmentaja.apps.applications.models import Application
from varmentaja.apps.applications.professionals import as_document, note_registration_number
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
    request_id = f"application-{application_id}-{application.version}"
    person = outside().population_register.person(code, request_id=request_id)
    present = person.identity_code if person is not None else code
    professional = outside().professional_register.professional(present, request_id=request_id)
    return RegisterAnswers(person, professional)


def decide_anew(
    application: Application, answers: RegisterAnswers, *, now: datetime, today: date
) -> Decision:
    """Apply the rules in force today to what the registers say; sets, and does not save, the application's
    ``professional``, ``decision`` and ``decided_at``.

    An answer about another identity code than the application's is for a rule to refuse, and changes nothing
    here: the application and its card stay with the person who applied.
    """
    person = answers.person
    if person is not None and person.alive and str(person.identity_code) == application.person.identity_code:
        refresh_person(person, now=now)
        application.person.refresh_from_db()
    if answers.professional is not None:
        note_registration_number(application.person, answers.professional)
    application.professional = as_document(answers.professional)
    decision = decide(facts_for(application, person, answers.professional, today=today), today)
    application.decision, application.decided_at = decision.to_document(), now
    return decision
