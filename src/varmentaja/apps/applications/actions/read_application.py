# SPDX-License-Identifier: EUPL-1.2
"""Looking at applications: each look leaves a trace."""

from __future__ import annotations

from datetime import date

from varmentaja.apps.action import use_case
from varmentaja.apps.applications.models import Application
from varmentaja.apps.applications.queries import ApplicationFile, application_file, photo_of
from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.domain.actors import Actor
from varmentaja.domain.authority import Action, Subject, require
from varmentaja.domain.errors import not_found


@use_case(AuditAction.APPLICATION_READ, Application)
def read_application(actor: Actor, application_id: int, *, today: date) -> ApplicationFile:
    """The application; raises DomainError not_found, not_allowed (another point's)."""
    _note_look(actor, application_id)
    return application_file(application_id, today=today)


@use_case(AuditAction.APPLICATION_READ, Application)
def read_photo(actor: Actor, application_id: int) -> bytes:
    """The photograph (JPEG); raises DomainError not_found, not_allowed (another point's)."""
    _note_look(actor, application_id, part="photo")
    photo = photo_of(application_id)
    if photo is None:
        raise not_found("The application has no photograph.")
    return photo


def _note_look(actor: Actor, application_id: int, **facts: str) -> None:
    application = Application.objects.only("person_id", "point_id").filter(pk=application_id).first()
    if application is None:
        raise not_found("There is no such application.")
    subject = Subject(person_id=application.person_id, point_id=application.point_id)
    require(actor, Action.APPLICATION_READ, subject)
    record(AuditAction.APPLICATION_READ, actor, application, facts=facts)
