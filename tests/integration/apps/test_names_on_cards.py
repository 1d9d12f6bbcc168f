# SPDX-License-Identifier: EUPL-1.2
"""Letters that certificates carry: all by default, those of ISO 8859-1 where the service is set so."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.service import Service

from varmentaja.apps.cards.subjects import name_misfits, subject_of
from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.people.queries import person_of
from varmentaja.pki.names import Attribute, CharacterSet, Subject

pytestmark = pytest.mark.django_db


def subject(service: Service, role: str) -> Subject:
    person = person_of(service.person(role))
    professional = service.outside.professional_register.professional(person.identity_code, request_id="test")
    return subject_of("professional", person, professional, title="laillistettu sairaanhoitaja")


def test_by_default_every_letter_is_carried(service: Service) -> None:
    assert name_misfits("professional", subject(service, "sami_nurse")) == ()


def test_where_it_is_set_so_other_letters_are_told_with_a_spelling(service: Service, settings: Any) -> None:
    settings.CHARACTER_SET = CharacterSet.LATIN1
    assert name_misfits("professional", subject(service, "physician")) == ()
    found = {each.attribute: each for each in name_misfits("professional", subject(service, "sami_nurse"))}
    assert found[Attribute.SURNAME].suggestion == "Cáhputcearru"
    assert found[Attribute.GIVEN_NAME].suggestion == "Ánnes Biret-Ninná"
    assert set(found) == {Attribute.SURNAME, Attribute.GIVEN_NAME}


def test_cards_are_then_certified_by_the_variants(service: Service, settings: Any) -> None:
    settings.CHARACTER_SET = CharacterSet.LATIN1
    settings.LOGON_DOMAIN = "ward.example"
    profiles = Certificate.objects.filter(card=service.made_card()).values_list("profile", flat=True)
    assert set(profiles) == {"professional-auth-logon-latin1", "professional-sign-latin1"}
