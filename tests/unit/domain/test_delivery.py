# SPDX-License-Identifier: EUPL-1.2
"""Addresses of card and letter."""

from __future__ import annotations

from dataclasses import replace

import pytest

from varmentaja.domain.delivery import Destination, Place, destinations, recipient
from varmentaja.domain.errors import DomainError, Kind
from varmentaja.domain.identity_code import IdentityCode
from varmentaja.domain.people import Address, Language, Person

HOME = Address("Koetie 1 A 2", "00100", "Helsinki")
PERSON = Person(
    identity_code=IdentityCode("010181-900C"),
    electronic_id="10011187H",
    family_name="Äijälä",
    given_names="Aino Maria",
    first_name="Aino",
    language=Language.FINNISH,
    home_address=HOME,
)
WARD = Place("Koesairaala", Address("PL 1", "33100", "Tampere"))


def test_home_is_addressed_to_the_person_alone() -> None:
    sent = recipient(PERSON, Destination.HOME, field="card")
    assert sent.lines() == ("Aino Äijälä", "Koetie 1 A 2", "00100 Helsinki")


def test_at_an_employer_the_person_is_named() -> None:
    sent = recipient(PERSON, Destination.EMPLOYER, WARD, field="letter")
    assert sent.lines() == ("Aino Äijälä", "Koesairaala", "PL 1", "33100 Tampere")


def test_an_address_abroad_ends_with_its_country() -> None:
    abroad = replace(PERSON, home_address=Address("Provgatan 1", "111 22", "Stockholm", "SE"))
    assert recipient(abroad, Destination.HOME, field="card").lines()[-1] == "SE"


def test_under_a_non_disclosure_order_home_is_neither_offered_nor_used() -> None:
    hidden = replace(PERSON, non_disclosure=True)
    assert destinations(hidden) == (Destination.POINT, Destination.EMPLOYER)
    with pytest.raises(DomainError, match="non-disclosure") as caught:
        recipient(hidden, Destination.HOME, WARD, field="card")
    assert (caught.value.kind, caught.value.field) == (Kind.INVALID, "card")
    assert recipient(hidden, Destination.POINT, WARD, field="card").address == WARD.address


def test_without_a_home_address_there_is_no_home_to_send_to() -> None:
    homeless = replace(PERSON, home_address=None)
    assert Destination.HOME not in destinations(homeless)
    with pytest.raises(DomainError, match="no home address"):
        recipient(homeless, Destination.HOME, field="letter")


def test_a_place_must_be_given() -> None:
    with pytest.raises(DomainError, match="name and address") as caught:
        recipient(PERSON, Destination.EMPLOYER, field="letter")
    assert caught.value.field == "letter"
