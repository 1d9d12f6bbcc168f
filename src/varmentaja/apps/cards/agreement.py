# SPDX-License-Identifier: EUPL-1.2
"""Whether what stands on a card still agrees with what the registers say."""

from __future__ import annotations

from datetime import date

from varmentaja.apps.cards.models import Card
from varmentaja.apps.codes.queries import titles_of
from varmentaja.domain import people
from varmentaja.domain.certificates import CertificateState
from varmentaja.domain.products import BoundTo, product
from varmentaja.domain.rights import Professional
from varmentaja.pki.reader import describe


def agrees(
    card: Card, person: people.Person | None, professional: Professional | None, *, today: date
) -> bool:
    """Whether the name in the card's certificates and its title are still those of the registers.

    A card that has no certificate yet gets its name when it is made; who is unknown to a register cannot
    disagree with it by name.
    """
    if product(card.product).bound_to is BoundTo.RIGHT and not title_in_force(
        card.title, card.right_code, professional, today=today
    ):
        return False
    issued = card.certificates.filter(state=CertificateState.ISSUED).order_by("-id").first()
    if person is None or issued is None:
        return True
    stated = describe(bytes(issued.der or b""))
    return (stated.surname, stated.given_names) == (person.family_name, person.given_names)


def title_in_force(title: str, right_code: str, professional: Professional | None, *, today: date) -> bool:
    """Whether a right with this code is in force and bears this title, in Finnish or in Swedish."""
    rights = professional.valid_rights(today) if professional else ()
    return any(right.code == right_code and title in titles_of(right).values() for right in rights)
