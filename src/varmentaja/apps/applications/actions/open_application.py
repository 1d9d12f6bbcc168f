# SPDX-License-Identifier: EUPL-1.2
"""A registrar opens an application for the person in front of the desk."""

from __future__ import annotations

from datetime import date, datetime
from uuid import uuid4

from django.db import IntegrityError, transaction

from varmentaja.apps.action import traced
from varmentaja.apps.applications.models import Application
from varmentaja.apps.applications.professionals import as_document, note_registration_number
from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.people.actions.refresh_person import ask_register, refresh_person
from varmentaja.apps.people.models import Person
from varmentaja.apps.people.queries import by_identity_code
from varmentaja.domain import authority, people
from varmentaja.domain.actors import Actor
from varmentaja.domain.applications import ApplicationState
from varmentaja.domain.authority import Action, Subject
from varmentaja.domain.eligibility_rules import CODE_REPLACED
from varmentaja.domain.errors import DomainError, Kind, conflict
from varmentaja.domain.identity_code import IdentityCode
from varmentaja.domain.rights import Professional
from varmentaja.ports.connected import outside

PROFESSIONAL_CARD = "professional"


def open_application(actor: Actor, identity_code: str, *, now: datetime, today: date) -> Application:
    """A draft for the person's professional card: a new one, or the draft already open at this point.

    The registers are asked before the transaction begins. Raises DomainError: invalid (a faulty identity
    code, field ``identity_code``), not_found, conflict (the person has died or has another identity code; a
    draft is open at another point), not_allowed (one's own), unavailable (a register does not answer: nothing
    is stored).
    """
    code, request_id = IdentityCode.parse(identity_code, today=today), str(uuid4())
    # Whoever is not known here can be told from the masked code alone.
    known = by_identity_code(code)
    with traced(
        AuditAction.APPLICATION_OPENED, actor, known, None if known else {"identity_code": code.masked()}
    ):
        authority.require(actor, Action.APPLICATION_OPEN, Subject(point_id=actor.point_id))
        person = ask_register(code, request_id=request_id)
        if person.identity_code != code:
            raise DomainError(Kind.CONFLICT, CODE_REPLACED)
        professional = outside().professional_register.professional(code, request_id=request_id)
        with transaction.atomic():
            return _open(actor, person, professional, now=now, today=today)


def _open(
    actor: Actor, person: people.Person, professional: Professional | None, *, now: datetime, today: date
) -> Application:
    row = refresh_person(person, now=now, by=actor)
    authority.require(actor, Action.APPLICATION_OPEN, Subject(person_id=row.pk, point_id=actor.point_id))
    if professional is not None:
        note_registration_number(row, professional)
    application = _draft_of(actor, row, now=now, today=today)
    application.professional = as_document(professional)
    application.save(update_fields=["professional"])
    record(AuditAction.APPLICATION_OPENED, actor, application)
    return application


def _draft_of(actor: Actor, person: Person, *, now: datetime, today: date) -> Application:
    """The person's draft; the database lets there be one only, so two registrars meet in the same."""
    assert actor.person_id is not None and actor.point_id is not None, "authority asks for both"
    try:
        with transaction.atomic():
            return Application.objects.create(
                person=person,
                product=PROFESSIONAL_CARD,
                state=ApplicationState.DRAFT,
                registrar_id=actor.person_id,
                point_id=actor.point_id,
                opened_at=now,
                changed_on=today,
            )
    except IntegrityError:
        draft = (
            Application.objects.select_for_update()
            .filter(person=person, product=PROFESSIONAL_CARD, state=ApplicationState.DRAFT)
            .first()
        )
    if draft is None:
        raise conflict("The application that was open for this person ended at this very moment. Try again.")
    if draft.point_id != actor.point_id:
        raise conflict(
            "This person already has an application open at another registration point. If it is not to be"
            " finished there, that point or the certificate service can cancel it."
        )
    return draft
