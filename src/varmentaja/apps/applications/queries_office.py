# SPDX-License-Identifier: EUPL-1.2
"""Lists of applications for the office, paged by key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet

from varmentaja.apps.applications.models import Application
from varmentaja.apps.paging import Page, count_up_to, page_by_id
from varmentaja.domain.applications import ApplicationState
from varmentaja.domain.eligibility import Decision


@dataclass(frozen=True, slots=True)
class ApplicationLine:
    """One application in a list."""

    application_id: int
    person_id: int
    applicant: str
    product: str
    state: ApplicationState
    point: str
    opened_at: datetime
    submitted_on: date | None
    decision: Decision | None


@dataclass(frozen=True, slots=True)
class ApplicationFile(ApplicationLine):
    """Everything an officer sees of an application; the photograph and the document's number stay out."""

    version: int
    point_id: int
    registrar: str
    identity_document: dict[str, Any] | None
    review_reason: str


def applications_in(state: ApplicationState, after: str) -> Page[ApplicationLine]:
    """Applications in a state, oldest first."""
    return page_by_id(_rows().filter(state=state), after, _line)


def count_in(state: ApplicationState) -> int:
    """How many applications are in a state, up to a hundred."""
    return count_up_to(Application.objects.filter(state=state))


def applications_of(person_id: int) -> tuple[ApplicationLine, ...]:
    """The person's applications, newest first."""
    return tuple(_line(row) for row in _rows().filter(person_id=person_id).order_by("-id"))


def application_file(application_id: int) -> ApplicationFile | None:
    """One application, or None."""
    row = _rows().filter(pk=application_id).first()
    if row is None:
        return None
    line = _line(row)
    return ApplicationFile(
        **{name: getattr(line, name) for name in ApplicationLine.__dataclass_fields__},
        version=row.version,
        point_id=row.point_id,
        registrar=f"{row.registrar.first_name} {row.registrar.family_name}" if row.registrar else "",
        identity_document=row.identity_document,
        review_reason=row.review_reason or "",
    )


def _rows() -> QuerySet[Application]:
    return Application.objects.select_related("person", "point", "registrar").defer("photo", "delivery")


def _line(row: Application) -> ApplicationLine:
    return ApplicationLine(
        application_id=row.pk,
        person_id=row.person_id,
        applicant=f"{row.person.first_name} {row.person.family_name}",
        product=row.product,
        state=ApplicationState(row.state),
        point=row.point.name,
        opened_at=row.opened_at,
        submitted_on=row.submitted_on,
        decision=Decision.from_document(row.decision) if row.decision else None,
    )
