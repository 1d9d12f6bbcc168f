# SPDX-License-Identifier: EUPL-1.2
"""Lists of applications are read in the office: each look leaves a trace that names what was listed."""

from __future__ import annotations

from varmentaja.apps.action import use_case
from varmentaja.apps.applications.queries_office import ApplicationLine, applications_in, applications_of
from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.paging import Page
from varmentaja.apps.people.models import Person
from varmentaja.domain.actors import Actor
from varmentaja.domain.applications import ApplicationState
from varmentaja.domain.authority import Action, Subject, require


@use_case(AuditAction.APPLICATION_READ)
def read_queue(actor: Actor, state: ApplicationState, *, after: str = "") -> Page[ApplicationLine]:
    """A page of all applications in a state, oldest first; raises DomainError not_allowed, not_found."""
    require(actor, Action.APPLICATION_READ, Subject())
    page = applications_in(state, after)
    listed = [line.application_id for line in page.lines]
    record(AuditAction.APPLICATION_READ, actor, facts={"list": state, "applications": listed})
    return page


@use_case(AuditAction.APPLICATION_READ, Person)
def read_applications_of(actor: Actor, person_id: int) -> tuple[ApplicationLine, ...]:
    """A person's applications, newest first; raises DomainError not_allowed."""
    require(actor, Action.APPLICATION_READ, Subject(person_id=person_id))
    lines = applications_of(person_id)
    listed = [line.application_id for line in lines]
    record(AuditAction.APPLICATION_READ, actor, Person(pk=person_id), facts={"applications": listed})
    return lines
