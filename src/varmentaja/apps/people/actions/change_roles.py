# SPDX-License-Identifier: EUPL-1.2
"""Officers give others the roles of registrar and officer, and end them."""

from __future__ import annotations

from datetime import datetime

from varmentaja.apps.action import use_case
from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.cards.models import Card
from varmentaja.apps.people import models
from varmentaja.apps.registration.models import RegistrationPoint
from varmentaja.domain.actors import GIVEN, Actor, Role
from varmentaja.domain.authority import Action, Subject, require
from varmentaja.domain.cards import IN_FORCE
from varmentaja.domain.errors import conflict, invalid, not_found


@use_case(AuditAction.ROLE_GRANTED, models.Person)
def give_role(
    actor: Actor, person_id: int, role: Role, point_id: int | None = None, *, now: datetime
) -> None:
    """Give the person a role; a registrar works at a registration point.

    Raises DomainError: not_found, not_allowed (one's own), invalid (field ``role`` or ``point``), conflict
    (has the role already; has no card to sign in with).
    """
    person = _locked(actor, person_id)
    if role not in GIVEN:
        raise invalid("This role is not given to anybody.", field="role")
    point = _point(point_id) if role is Role.REGISTRAR else None
    if role is Role.REGISTRAR and point is None:
        raise invalid("Choose the registration point where the registrar works.", field="point")
    if not Card.objects.filter(person=person, state__in=IN_FORCE).exists():
        raise conflict("The person has no card to sign in with. Order one first.")
    if not grant(actor, person, role, point, now=now):
        raise conflict("The person has this role already.")


@use_case(AuditAction.ROLE_ENDED, models.Person)
def end_role(actor: Actor, person_id: int, role: Role, *, now: datetime) -> None:
    """End a role; the person's sessions end with it. Raises DomainError: not_found, not_allowed, conflict."""
    person = _locked(actor, person_id)
    if not models.Role.objects.filter(person=person, role=role, ended_at=None).update(ended_at=now):
        raise conflict("The person does not have this role.")
    record(AuditAction.ROLE_ENDED, actor, person, facts={"role": role})


def grant(
    actor: Actor, person: models.Person, role: Role, point: RegistrationPoint | None, *, now: datetime
) -> bool:
    """Give the role unless the person has it; whether it was given now. In the caller's transaction."""
    _, given = models.Role.objects.get_or_create(
        person=person, role=role, ended_at=None, defaults={"granted_at": now, "point": point}
    )
    if given:
        facts = {"role": role, "point": point.code if point else None}
        record(AuditAction.ROLE_GRANTED, actor, person, facts=facts)
    return given


def _point(point_id: int | None) -> RegistrationPoint | None:
    return None if point_id is None else RegistrationPoint.objects.filter(pk=point_id).first()


def _locked(actor: Actor, person_id: int) -> models.Person:
    require(actor, Action.ROLE_CHANGE, Subject(person_id=person_id))
    person = models.Person.objects.select_for_update().filter(pk=person_id).first()
    if person is None:
        raise not_found("There is no such person.")
    return person
