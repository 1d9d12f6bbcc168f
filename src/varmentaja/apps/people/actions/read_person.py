# SPDX-License-Identifier: EUPL-1.2
"""Someone's registered facts are read, and that leaves a trace."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from varmentaja.apps.action import use_case
from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.people.models import Person
from varmentaja.apps.people.queries import person_of
from varmentaja.domain import actors, people
from varmentaja.domain.actors import Actor
from varmentaja.domain.authority import Action, Subject, require
from varmentaja.domain.errors import not_found


@dataclass(frozen=True, slots=True)
class RoleLine:
    """A role that the person has now."""

    role: actors.Role
    point: str
    """Name of the registration point; empty for roles without one."""
    granted_at: datetime


@dataclass(frozen=True, slots=True)
class PersonFile:
    """The registered facts; under a non-disclosure order ``person`` has no address."""

    person_id: int
    person: people.Person
    registration_number: str
    refreshed_at: datetime
    """When the population register was last asked."""
    roles: tuple[RoleLine, ...]

    @property
    def name(self) -> str:
        """All names, family name first."""
        return f"{self.person.family_name} {self.person.given_names}"


@use_case(AuditAction.PERSON_READ, Person)
def read_person(actor: Actor, person_id: int) -> PersonFile:
    """The person's file; raises DomainError not_found or not_allowed."""
    require(actor, Action.PERSON_READ, Subject(person_id=person_id))
    row = Person.objects.filter(pk=person_id).first()
    if row is None:
        raise not_found("There is no such person.")
    record(AuditAction.PERSON_READ, actor, row)
    return PersonFile(
        person_id=row.pk,
        person=_without_hidden_address(person_of(row)),
        registration_number=row.registration_number or "",
        refreshed_at=row.refreshed_at,
        roles=_roles(row),
    )


def _without_hidden_address(person: people.Person) -> people.Person:
    return replace(person, home_address=None) if person.non_disclosure else person


def _roles(row: Person) -> tuple[RoleLine, ...]:
    held = row.roles.filter(ended_at__isnull=True).select_related("point").order_by("id")
    return tuple(
        RoleLine(actors.Role(each.role), each.point.name if each.point else "", each.granted_at)
        for each in held
    )
