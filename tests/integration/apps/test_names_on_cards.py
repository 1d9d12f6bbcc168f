# SPDX-License-Identifier: EUPL-1.2
"""Letters that certificates carry: all by default, those of ISO 8859-1 where the service is set so."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.support.service import Service

from varmentaja.apps.applications.actions.review_application import approve_after_review
from varmentaja.apps.applications.queries import application_file
from varmentaja.apps.cards.subjects import name_misfits, subject_of
from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.people.queries import person_of
from varmentaja.domain.eligibility_rules import Outcome
from varmentaja.domain.errors import DomainError, Kind
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


def test_a_name_that_cannot_be_carried_goes_to_an_officer_who_cannot_order_a_card(
    service: Service, settings: Any
) -> None:
    settings.CHARACTER_SET = CharacterSet.LATIN1
    draft = service.application("sami_nurse")
    told = application_file(draft.pk, today=service.today)
    assert any("Cáhputcearru" in str(reason) for reason in told.misfits), "the desk sees a spelling"
    assert [result.rule for result in told.foreseen] == ["name-fits"]
    decision = service.submit(draft)
    assert decision.outcome is Outcome.TO_OFFICER
    assert decision.facts.name_misfits == (Attribute.GIVEN_NAME, Attribute.SURNAME)
    assert "Cáhputcearru" not in json.dumps(decision.to_document(), ensure_ascii=False)
    draft.refresh_from_db()
    with pytest.raises(DomainError, match="cannot be made under this name") as refusal:
        approve_after_review(
            service.officer(), draft.pk, draft.version, "Well.", now=service.now, today=service.today
        )
    assert refusal.value.kind is Kind.CONFLICT
    settings.CHARACTER_SET = CharacterSet.UTF8
    assert service.submit(service.application("physician")).outcome is Outcome.APPROVED
