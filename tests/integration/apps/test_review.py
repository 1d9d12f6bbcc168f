# SPDX-License-Identifier: EUPL-1.2
"""What an officer decides meets what has happened at the desk meanwhile."""

from __future__ import annotations

import json
from typing import Any

import pytest
from tests.support.registers import right_is_now
from tests.support.service import Service

from varmentaja.apps.applications.actions.review_application import (
    approve_after_review,
    return_to_registrar,
)
from varmentaja.apps.applications.models import Application
from varmentaja.apps.audit.models import Entry
from varmentaja.apps.cards.models import Card
from varmentaja.domain.errors import DomainError, Kind

pytestmark = pytest.mark.django_db


def test_an_application_does_not_come_back_beside_a_newer_draft(service: Service) -> None:
    waiting = service.application()
    Application.objects.filter(pk=waiting.pk).update(state="with_officer")
    newer = service.application()
    assert newer.pk != waiting.pk
    officer = service.officer()
    with pytest.raises(DomainError) as refusal:
        return_to_registrar(officer, waiting.pk, waiting.version, "The number is wrong.", today=service.today)
    assert refusal.value.kind is Kind.CONFLICT
    waiting.refresh_from_db()
    assert waiting.state == "with_officer"


WHY = "The restriction does not concern the card."


def waiting(service: Service) -> Any:
    """An application that the rules handed to an officer."""
    draft = service.application("restricted_physician")
    service.submit(draft)
    draft.refresh_from_db()
    assert draft.state == "with_officer"
    return draft


def approve(service: Service, waits: Any) -> Any:
    return approve_after_review(
        service.officer(), waits.pk, waits.version, WHY, now=service.now, today=service.today
    )


def test_an_application_is_approved_on_what_the_registers_say_that_day(service: Service) -> None:
    waits = waiting(service)
    assert approve(service, waits) == ()
    waits.refresh_from_db()
    assert (waits.state, waits.review_reason) == ("ordered", WHY)


def test_an_officer_hears_what_has_changed_before_anything_is_decided(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = waiting(service)
    right_is_now(service, monkeypatch, restricted=False)
    heard = approve(service, waits)
    assert heard
    now = Application.objects.get(pk=waits.pk)
    assert (now.state, now.version) == ("with_officer", waits.version + 1)
    assert (now.decision or {})["outcome"] == "approved"
    assert not Card.objects.exists()
    assert Entry.objects.filter(action="application.reviewed").count() == 1
    with pytest.raises(DomainError, match="changed after you opened"):
        approve(service, waits)
    assert approve(service, now) == ()
    now.refresh_from_db()
    assert now.state == "ordered"


def test_a_right_that_has_ended_meanwhile_is_not_approved(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits = waiting(service)
    right_is_now(service, monkeypatch, ends=service.today.replace(year=service.today.year - 1))
    assert approve(service, waits)
    now = Application.objects.get(pk=waits.pk)
    with pytest.raises(DomainError) as refusal:
        approve(service, now)
    assert refusal.value.kind is Kind.CONFLICT
    now.refresh_from_db()
    assert now.state == "with_officer"
    assert not Card.objects.exists()


@pytest.mark.parametrize("system", ["population_register", "professional_register"])
def test_a_register_that_is_down_at_the_approval_loses_nothing(service: Service, system: str) -> None:
    waits = waiting(service)
    service.faults.write_text(json.dumps({system: {"mode": "down"}}))
    with pytest.raises(DomainError) as failure:
        approve(service, waits)
    assert failure.value.kind is Kind.UNAVAILABLE
    waits.refresh_from_db()
    assert waits.state == "with_officer"
    service.faults.unlink()
    assert approve(service, waits) == ()
