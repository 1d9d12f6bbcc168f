# SPDX-License-Identifier: EUPL-1.2
"""Gathering the facts that a decision looks at."""

from __future__ import annotations

from datetime import date

from varmentaja.apps.applications.models import Application
from varmentaja.apps.cards.agreement import agrees
from varmentaja.apps.cards.models import Card
from varmentaja.apps.cards.subjects import name_misfits, subject_of
from varmentaja.apps.people.queries import person_of
from varmentaja.documents.terms import current_terms
from varmentaja.domain import people
from varmentaja.domain.applications import OPEN_STATES, ApplicationState
from varmentaja.domain.cards import IN_FORCE
from varmentaja.domain.delivery import Destination
from varmentaja.domain.eligibility_facts import Facts, HeldCard, OpenApplication, day
from varmentaja.domain.identity_documents import DocumentKind, IdentityDocument
from varmentaja.domain.rights import Professional
from varmentaja.pki.names import Attribute, Misfit

NAMES = frozenset({Attribute.SURNAME, Attribute.GIVEN_NAME, Attribute.COMMON_NAME})


def facts_for(
    application: Application,
    person: people.Person | None,
    professional: Professional | None,
    *,
    today: date,
) -> Facts:
    """What the rules may look at, as of now; runs in the transaction that decides."""
    return Facts(
        product=application.product,
        person_known=person is not None,
        person_alive=person is not None and person.alive,
        identity_code_in_force=person is not None
        and str(person.identity_code) == application.person.identity_code,
        rights=professional.rights if professional else (),
        chosen_right=application.right_code,
        cards=_held_cards(application, person, professional, today=today),
        open_applications=_open_applications(application),
        ordered_for_self=application.registrar_id == application.person_id,
        identity_document=_shown_document(application),
        terms_accepted=application.terms_version,
        terms_in_force=current_terms().version,
        with_photo=application.with_photo,
        sent_home=is_sent_home(application),
        non_disclosure=(person or application.person).non_disclosure,
        name_misfits=tuple(
            each.attribute for each in misfits_of_name(application, person or person_of(application.person))
        ),
    )


def misfits_of_name(application: Application, person: people.Person) -> tuple[Misfit, ...]:
    """What of the person's name the certificates of the card could not carry, with the spelling to offer."""
    subject = subject_of(application.product, person, None, title="")
    found = name_misfits(application.product, subject)
    return tuple(misfit for misfit in found if misfit.attribute in NAMES)


def is_sent_home(application: Application) -> bool:
    """Whether the card or its code letter is to go to the home address."""
    settled = (application.delivery or {}).values()
    return any(each["destination"] == Destination.HOME for each in settled)


def _held_cards(
    application: Application,
    person: people.Person | None,
    professional: Professional | None,
    *,
    today: date,
) -> tuple[HeldCard, ...]:
    cards = Card.objects.filter(
        person_id=application.person_id, product=application.product, state__in=IN_FORCE
    ).order_by("id")
    return tuple(
        HeldCard(
            card.printed_serial or str(card.pk),
            card.right_code,
            card.valid_until,
            agrees(card, person, professional, today=today),
        )
        for card in cards
    )


def _open_applications(application: Application) -> tuple[OpenApplication, ...]:
    others = Application.objects.filter(
        person_id=application.person_id,
        product=application.product,
        state__in=OPEN_STATES - {ApplicationState.DRAFT, ApplicationState.ORDERED},
    ).exclude(pk=application.pk)
    return tuple(OpenApplication(str(other.pk), other.right_code) for other in others.order_by("id"))


def _shown_document(application: Application) -> IdentityDocument | None:
    shown = application.identity_document
    if shown is None:
        return None
    return IdentityDocument(DocumentKind(shown["kind"]), shown["country"], day(shown["valid_until"]))
