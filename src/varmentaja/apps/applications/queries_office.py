# SPDX-License-Identifier: EUPL-1.2
"""Lists of applications for the office, paged by key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

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
    submitted_on: date | None
    decision: Decision | None


def applications_in(state: ApplicationState, after: str) -> Page[ApplicationLine]:
    """Applications in a state, oldest first."""
    return page_by_id(_rows().filter(state=state), after, _line)


def count_in(state: ApplicationState) -> int:
    """How many applications are in a state, up to a hundred."""
    return count_up_to(Application.objects.filter(state=state))


def applications_of(person_id: int) -> tuple[ApplicationLine, ...]:
    """The person's applications, newest first."""
    return tuple(_line(row) for row in _rows().filter(person_id=person_id).order_by("-id"))


def application_ids_of(person_id: int) -> list[int]:
    """Ids of all applications of a person."""
    return list(Application.objects.filter(person_id=person_id).values_list("id", flat=True))


def _rows() -> QuerySet[Application]:
    return Application.objects.select_related("person", "point").defer(
        "photo", "delivery", "identity_document", "review_reason"
    )


def _line(row: Application) -> ApplicationLine:
    return ApplicationLine(
        application_id=row.pk,
        person_id=row.person_id,
        applicant=f"{row.person.first_name} {row.person.family_name}",
        product=row.product,
        state=ApplicationState(row.state),
        point=row.point.name,
        submitted_on=row.submitted_on,
        decision=Decision.from_document(row.decision) if row.decision else None,
    )
