# SPDX-License-Identifier: EUPL-1.2
"""Somebody whose identity code was changed stays one person, with one card."""

from __future__ import annotations

import pytest
from tests.support.service import Service

from varmentaja.adapters.sandbox.cast import load_cast
from varmentaja.apps.applications.actions.open_application import open_application
from varmentaja.apps.applications.models import Application
from varmentaja.apps.audit.models import Entry
from varmentaja.apps.cards.actions.produce_card import produce_card
from varmentaja.apps.people.models import Person
from varmentaja.apps.vault.hashing import identity_code_hash
from varmentaja.domain.eligibility_rules import Outcome
from varmentaja.domain.errors import DomainError, Kind

pytestmark = pytest.mark.django_db

MEMBER = load_cast().member("english_speaker")
OLD, NEW = str(MEMBER.former_code), str(MEMBER.identity_code)


def as_it_was_before(person: Person) -> None:
    """As if the service had met the person when the old code was in force."""
    person.identity_code, person.identity_code_hash = OLD, identity_code_hash(OLD)
    person.save()


def refused_rules(decision: object) -> set[str]:
    results = decision.results  # type: ignore[attr-defined]
    return {result.rule for result in results if result.outcome is Outcome.REFUSED}


def test_the_desk_is_told_to_apply_with_the_present_code(service: Service) -> None:
    with pytest.raises(DomainError, match="given another identity code") as refusal:
        open_application(service.registrar(), OLD, now=service.now, today=service.today)
    assert refusal.value.kind is Kind.CONFLICT
    assert not Person.objects.filter(family_name="O'Mallory").exists()
    entry = Entry.objects.filter(action="application.opened", outcome="refused").get()
    assert entry.document["subject"] is None
    assert entry.personal.facts == {"identity_code": MEMBER.former_code.masked()}  # type: ignore[union-attr]


def test_an_application_made_before_the_change_is_refused(service: Service) -> None:
    draft = service.application("english_speaker")
    as_it_was_before(draft.person)
    decision = service.submit(draft)
    assert refused_rules(decision) == {"identity-code-in-force"}
    draft.refresh_from_db()
    assert draft.state == "refused"
    assert draft.person.identity_code == OLD, "application and person stay together"
    assert Person.objects.filter(family_name="O'Mallory").count() == 1


def test_the_card_of_the_old_code_counts_under_the_new_one(service: Service) -> None:
    card = service.made_card("english_speaker")
    as_it_was_before(card.person)
    again = service.application("english_speaker")
    assert again.person_id == card.person_id
    card.person.refresh_from_db()
    assert card.person.identity_code == NEW
    assert Entry.objects.filter(action="person.identity_code_changed").count() == 1
    assert refused_rules(service.submit(again)) == {"one-card"}


def test_a_draft_of_the_old_code_goes_on_under_the_new_one(service: Service) -> None:
    draft = service.application("english_speaker")
    as_it_was_before(draft.person)
    service.person("english_speaker")  # the register is asked with the new code elsewhere
    assert service.submit(draft).outcome is Outcome.APPROVED
    order = service.order_of(draft)
    assert produce_card(order.pk, now=service.now, today=service.today) == "dispatched"
    assert Application.objects.get(pk=draft.pk).state == "fulfilled"
