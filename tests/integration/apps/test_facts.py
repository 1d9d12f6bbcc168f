# SPDX-License-Identifier: EUPL-1.2
"""Rules on facts as they are gathered from the rows, not as a test writes them down."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.registers import person_is_now, right_is_now
from tests.support.service import Service

from varmentaja.apps.applications.actions.choose_right import choose_right
from varmentaja.apps.applications.models import Application
from varmentaja.apps.cards.actions.produce_card import produce_card
from varmentaja.apps.cards.models import Card
from varmentaja.domain.eligibility import Decision
from varmentaja.domain.eligibility_rules import Outcome

pytestmark = pytest.mark.django_db

PHYSICIAN, DENTIST = "034", "002"


def refused_rules(decision: Decision) -> set[str]:
    return {result.rule for result in decision.results if result.outcome is Outcome.REFUSED}


def application_for(service: Service, right: str) -> Any:
    """A draft of the cast's physician and dentist for a card with this right."""
    draft = service.application("physician_dentist")
    choose_right(service.registrar(), draft.pk, draft.version, right, today=service.today)
    return Application.objects.get(pk=draft.pk)


def produce(service: Service, draft: Any) -> None:
    produce_card(service.order_of(draft).pk, now=service.now, today=service.today)


def test_a_physician_and_dentist_may_hold_a_card_as_each_and_no_third(service: Service) -> None:
    first = application_for(service, PHYSICIAN)
    assert service.submit(first).outcome is Outcome.APPROVED
    produce(service, first)
    second = application_for(service, DENTIST)
    assert service.submit(second).outcome is Outcome.APPROVED
    produce(service, second)
    assert set(Card.objects.values_list("right_code", "state")) == {
        (PHYSICIAN, "dispatched"),
        (DENTIST, "dispatched"),
    }
    third = application_for(service, DENTIST)
    assert refused_rules(service.submit(third)) == {"one-card"}


def test_who_is_a_dentist_no_more_holds_one_card(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    first = application_for(service, PHYSICIAN)
    service.submit(first)
    produce(service, first)
    second = application_for(service, DENTIST)
    right_is_now(service, monkeypatch, ends=service.today.replace(year=service.today.year - 1))
    assert "one-card" not in refused_rules(service.submit(second)), "a card whose right ended is no obstacle"
    second.refresh_from_db()
    assert second.state == "refused"


def test_an_application_that_waits_for_an_officer_keeps_out_a_second_one(service: Service) -> None:
    waiting = service.application("restricted_physician")
    assert service.submit(waiting).outcome is Outcome.TO_OFFICER
    second = service.application("restricted_physician")
    decision = service.submit(second)
    assert refused_rules(decision) == {"no-duplicate"}
    used = {result.rule: result.used for result in decision.results}
    assert used["no-duplicate"] == {"application": str(waiting.pk)}


def test_who_dies_between_draft_and_submission_gets_no_card(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = service.application()
    person_is_now(service, monkeypatch, alive=False)
    assert refused_rules(service.submit(draft)) == {"person-alive"}
    draft.refresh_from_db()
    assert draft.state == "refused"
    assert not Card.objects.exists()
