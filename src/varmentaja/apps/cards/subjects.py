# SPDX-License-Identifier: EUPL-1.2
"""Who stands in the certificates of a card, by which profiles, and whether those can carry the name."""

from __future__ import annotations

from collections.abc import Mapping

from django.conf import settings

from varmentaja.apps.applications.professionals import professional_of
from varmentaja.apps.cards.models import Card
from varmentaja.apps.people.queries import person_of
from varmentaja.card.driver import KeyRole
from varmentaja.domain.people import Person
from varmentaja.domain.products import BoundTo, product
from varmentaja.domain.rights import Professional
from varmentaja.pki.names import CharacterSet, Misfit, Subject, misfits
from varmentaja.pki.profile import load_profile


def subject_for(card: Card) -> Subject:
    """The holder as the card's certificates name one."""
    return subject_of(
        card.product,
        person_of(card.person),
        professional_of(card.application),
        title=card.title,
        organisation=(card.application.organisation or {}).get("name"),
    )


def subject_of(
    product_id: str,
    person: Person,
    professional: Professional | None,
    *,
    title: str,
    organisation: str | None = None,
) -> Subject:
    """The person as certificates of the product would name one (decision 18): by registration number and
    right, or by SATU, job and organisation. An empty ``title`` is left out."""
    by_right = product(product_id).bound_to is BoundTo.RIGHT
    known = professional if by_right else None
    number = person.electronic_id
    if by_right:
        number = known.registration_number if known else ""
    return Subject(
        serial_number=number,
        given_names=person.given_names,
        first_name=person.first_name,
        surname=person.family_name,
        title=title,
        physician_code=known.physician_code if known else None,
        organization=None if by_right else organisation,
        user_principal_name=f"{number}@{settings.LOGON_DOMAIN}" if settings.LOGON_DOMAIN else None,
    )


def profiles_for(product_id: str) -> Mapping[KeyRole, str]:
    """The certificate profile for each key of the product's cards, as the service is set."""
    kind = product(product_id)
    named = kind.latin1 if settings.CHARACTER_SET is CharacterSet.LATIN1 else kind.profiles
    authentication = "logon" if settings.LOGON_DOMAIN else "auth"
    return {KeyRole.AUTHENTICATION: named[authentication], KeyRole.SIGNATURE: named["sign"]}


def name_misfits(product_id: str, subject: Subject) -> tuple[Misfit, ...]:
    """What of ``subject`` the certificates of the product's cards cannot carry; empty when all fits.

    To be asked before a card is ordered: each misfit says why, and offers a spelling where there is one.
    """
    found = {
        misfit.attribute: misfit
        for profile in map(load_profile, profiles_for(product_id).values())
        for misfit in misfits(subject, profile.attributes, profile.character_set)
    }
    return tuple(found.values())
