# SPDX-License-Identifier: EUPL-1.2
"""Looking at the list of a registration point's applications."""

from __future__ import annotations

from varmentaja.apps.action import use_case
from varmentaja.apps.applications.queries import ApplicationLine, applications_of_point
from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.paging import Page
from varmentaja.apps.registration.models import RegistrationPoint
from varmentaja.domain.actors import Actor
from varmentaja.domain.authority import Action, Subject, require


@use_case(AuditAction.APPLICATION_READ)
def read_desk(actor: Actor, *, drafts_only: bool = False, after: str = "") -> Page[ApplicationLine]:
    """A page of the applications of the actor's own point; the trace names those that were listed."""
    point_id = actor.point_id
    require(actor, Action.APPLICATION_READ, Subject(point_id=point_id))
    assert point_id is not None, "authority asks for it"
    page = applications_of_point(point_id, drafts_only=drafts_only, after=after)
    listed = [line.application_id for line in page.lines]
    record(
        AuditAction.APPLICATION_READ, actor, RegistrationPoint(pk=point_id), facts={"applications": listed}
    )
    return page
