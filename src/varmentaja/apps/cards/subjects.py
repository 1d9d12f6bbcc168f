# SPDX-License-Identifier: EUPL-1.2
"""Who stands in the certificates of a card."""

from __future__ import annotations

from django.conf import settings

from varmentaja.apps.cards.models import Card
from varmentaja.domain.products import BoundTo, product
from varmentaja.pki.names import Subject


def subject_for(card: Card) -> Subject:
    """The holder as the card's certificates name one (decision 18): by registration number and right, or by
    SATU, job and organisation."""
    person, application = card.person, card.application
    professional = application.professional or {}
    organisation = application.organisation or {}
    by_right = product(card.product).bound_to is BoundTo.RIGHT
    number = professional["registration_number"] if by_right else person.electronic_id
    return Subject(
        serial_number=number,
        given_names=person.given_names,
        first_name=person.first_name,
        surname=person.family_name,
        title=card.title,
        physician_code=professional.get("physician_code") if by_right else None,
        organization=None if by_right else organisation.get("name"),
        user_principal_name=f"{number}@{settings.LOGON_DOMAIN}" if settings.LOGON_DOMAIN else None,
    )
