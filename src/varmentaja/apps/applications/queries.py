# SPDX-License-Identifier: EUPL-1.2
"""Reads of applications: values for pages, no rows. Pages use ``actions/read_*``, which log who looked."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from varmentaja.apps.applications.drafts import missing_steps
from varmentaja.apps.applications.facts import facts_for, misfits_of_name
from varmentaja.apps.applications.models import Application
from varmentaja.apps.applications.professionals import professional_of
from varmentaja.apps.cards.queries import why_discarded
from varmentaja.apps.paging import Page, page_by_id
from varmentaja.apps.people.queries import person_of
from varmentaja.apps.registration.queries import place_of
from varmentaja.domain.applications import ApplicationState
from varmentaja.domain.delivery import Destination, Place, Recipient
from varmentaja.domain.eligibility import Decision, RuleResult, decide
from varmentaja.domain.eligibility_facts import day
from varmentaja.domain.eligibility_rules import Outcome
from varmentaja.domain.errors import Message, not_found
from varmentaja.domain.identity_code import IdentityCode
from varmentaja.domain.identity_documents import DocumentKind
from varmentaja.domain.people import Address, Person
from varmentaja.domain.rights import Professional, Right

_UNDECIDED = frozenset({ApplicationState.DRAFT, ApplicationState.WITH_OFFICER})
_OF_ANSWERS = frozenset({"identity-document", "terms", "photo-choice"})
"""Rules about what the form still asks: what they say of a draft is no news."""


@dataclass(frozen=True, slots=True)
class ShownDocument:
    """The identity document as recorded at the desk."""

    kind: DocumentKind
    country: str
    valid_until: date | None
    number: str


@dataclass(frozen=True, slots=True)
class ApplicationFile:
    """Everything a page shows of one application, the photograph aside."""

    application_id: int
    version: int
    state: ApplicationState
    product: str
    person_id: int
    person: Person
    point_id: int
    point: Place
    registrar: str
    professional: Professional | None
    valid_rights: tuple[Right, ...]
    right_code: str
    document: ShownDocument | None
    with_photo: bool | None
    card_to: Recipient | None
    letter_to: Recipient | None
    terms_version: str
    terms_hash: str
    decision: Decision | None
    review_reason: str
    opened_at: datetime
    submitted_on: date | None
    missing: tuple[str, ...]
    """Steps without an answer, in the order of the form."""
    foreseen: tuple[RuleResult, ...]
    """Of a draft: the rules that would refuse it or send it to an officer as things stand."""
    misfits: tuple[Message, ...]
    """Of one that is not decided: what of the name certificates cannot carry, and how it could be spelt."""
    card_id: int | None
    """The card that was ordered last."""
    discarded: Message | None
    """Why that card was discarded at the factory."""

    @property
    def right(self) -> Right | None:
        """The right chosen for the card; after the decision, the one it rests on."""
        if self.decision is not None and self.state is not ApplicationState.DRAFT:
            return self.decision.right
        return next((right for right in self.valid_rights if right.code == self.right_code), None)


@dataclass(frozen=True, slots=True)
class ApplicationLine:
    """One application in a list."""

    application_id: int
    name: str
    identity_code: str
    """Masked."""
    state: ApplicationState
    opened_at: datetime
    submitted_on: date | None


def applications_of_point(
    point_id: int, *, drafts_only: bool = False, after: str = ""
) -> Page[ApplicationLine]:
    """A page of a registration point's applications, newest first."""
    rows = Application.objects.filter(point_id=point_id)
    if drafts_only:
        rows = rows.filter(state=ApplicationState.DRAFT)
    rows = rows.select_related("person").only(
        "state",
        "opened_at",
        "submitted_on",
        "person__first_name",
        "person__family_name",
        "person__identity_code",
    )
    return page_by_id(rows, after, _line, newest_first=True)


def _line(row: Application) -> ApplicationLine:
    person = row.person
    return ApplicationLine(
        application_id=row.pk,
        name=f"{person.family_name} {person.first_name}",
        identity_code=IdentityCode.parse(person.identity_code).masked(),
        state=ApplicationState(row.state),
        opened_at=row.opened_at,
        submitted_on=row.submitted_on,
    )


def application_file(application_id: int, *, today: date) -> ApplicationFile:
    """The application as it stands; raises DomainError not_found."""
    row = (
        Application.objects.select_related("person", "registrar", "point")
        .defer("photo")
        .filter(pk=application_id)
        .first()
    )
    if row is None:
        raise not_found("There is no such application.")
    return _file(row, today)


def photo_of(application_id: int) -> bytes | None:
    """The photograph (JPEG), if there is one."""
    row = Application.objects.only("photo").filter(pk=application_id).first()
    return row.photo if row else None


def _file(row: Application, today: date) -> ApplicationFile:
    professional, state = professional_of(row), ApplicationState(row.state)
    ordered = row.cards.order_by("-pk").values_list("pk", "order__state", "order__reason").first()
    delivery = row.delivery or {}
    return ApplicationFile(
        application_id=row.pk,
        version=row.version,
        state=state,
        product=row.product,
        person_id=row.person_id,
        person=person_of(row.person),
        point_id=row.point_id,
        point=place_of(row.point),
        registrar=f"{row.registrar.first_name} {row.registrar.family_name}" if row.registrar else "",
        professional=professional,
        valid_rights=professional.valid_rights(today) if professional else (),
        right_code=row.right_code,
        document=_shown(row.identity_document),
        with_photo=row.with_photo,
        card_to=_recipient(delivery.get("card")),
        letter_to=_recipient(delivery.get("letter")),
        terms_version=row.terms_version,
        terms_hash=row.terms_hash,
        decision=Decision.from_document(row.decision) if row.decision else None,
        review_reason=row.review_reason or "",
        opened_at=row.opened_at,
        submitted_on=row.submitted_on,
        missing=missing_steps(row, today),
        foreseen=_foreseen(row, professional, today) if state is ApplicationState.DRAFT else (),
        misfits=_misfits(row) if state in _UNDECIDED else (),
        card_id=ordered[0] if ordered else None,
        discarded=why_discarded(*ordered[1:]) if ordered else None,
    )


def _foreseen(row: Application, professional: Professional | None, today: date) -> tuple[RuleResult, ...]:
    """The decision, made as if the application were submitted now."""
    decision = decide(facts_for(row, person_of(row.person), professional, today=today), today)
    return tuple(
        result
        for result in decision.results
        if result.outcome is not Outcome.APPROVED and result.rule not in _OF_ANSWERS
    )


def _misfits(row: Application) -> tuple[Message, ...]:
    return tuple(misfit.reason for misfit in misfits_of_name(row, person_of(row.person)))


def _shown(document: dict[str, Any] | None) -> ShownDocument | None:
    if document is None:
        return None
    return ShownDocument(
        DocumentKind(document["kind"]), document["country"], day(document["valid_until"]), document["number"]
    )


def _recipient(stored: dict[str, Any] | None) -> Recipient | None:
    if stored is None:
        return None
    return Recipient(
        Destination(stored["destination"]),
        stored["name"],
        stored["organisation"],
        Address(**stored["address"]),
    )
