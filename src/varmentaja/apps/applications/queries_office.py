# SPDX-License-Identifier: EUPL-1.2
"""Lists of applications for the office, paged by key."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery

from varmentaja.apps.applications.models import Application
from varmentaja.apps.cards.models import Order
from varmentaja.apps.cards.queries import why_discarded
from varmentaja.apps.paging import Page, count_up_to, page_by_id
from varmentaja.domain.applications import ApplicationState
from varmentaja.domain.eligibility import Decision
from varmentaja.domain.errors import Message


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
    discarded: Message | None
    """Why the card that was ordered last was discarded at the factory."""


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
    last = Order.objects.filter(card__application=OuterRef("pk")).order_by("-id")
    return (
        Application.objects.select_related("person", "point")
        .defer("photo", "delivery", "identity_document", "review_reason")
        .annotate(order_state=Subquery(last.values("state")[:1]), trouble=Subquery(last.values("reason")[:1]))
    )


def _line(row: Any) -> ApplicationLine:
    return ApplicationLine(
        application_id=row.pk,
        person_id=row.person_id,
        applicant=f"{row.person.first_name} {row.person.family_name}",
        product=row.product,
        state=ApplicationState(row.state),
        point=row.point.name,
        submitted_on=row.submitted_on,
        decision=Decision.from_document(row.decision) if row.decision else None,
        discarded=why_discarded(row.order_state, row.trouble),
    )
