# SPDX-License-Identifier: EUPL-1.2
"""Whoever may not do a thing makes no register look anybody up."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.support.service import Service

from varmentaja.apps.applications.actions.review_application import approve_after_review
from varmentaja.apps.applications.actions.submit_application import submit_application
from varmentaja.apps.audit.models import Entry
from varmentaja.apps.cards.actions.order_again import order_again
from varmentaja.apps.letters.actions.send_again import send_again
from varmentaja.domain.delivery import Destination
from varmentaja.domain.errors import DomainError, Kind

pytestmark = pytest.mark.django_db


def attempts(service: Service, card: Any) -> dict[str, Callable[[], object]]:
    """What somebody without authority tries; all that the helpers ask of registers is asked here."""
    clock: dict[str, Any] = {"now": service.now, "today": service.today}
    registrar, stranger = service.registrar(), service.registrar("second_registrar", point="toinen")
    application, letter = card.application_id, card.letters.get().pk
    return {
        "submit": lambda: submit_application(stranger, application, 0, **clock),
        "approve": lambda: approve_after_review(registrar, application, 0, "why", **clock),
        "order": lambda: order_again(registrar, application, 0, **clock),
        "send": lambda: send_again(registrar, letter, Destination.HOME, **clock),
    }


@pytest.mark.parametrize("what", ["submit", "approve", "order", "send"])
def test_authority_comes_before_the_registers(
    service: Service, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    attempt = attempts(service, service.made_card())[what]

    def asked(*args: object, **kwargs: object) -> None:
        raise AssertionError("a register was asked")

    monkeypatch.setattr(type(service.outside.population_register), "person", asked)
    monkeypatch.setattr(type(service.outside.professional_register), "professional", asked)
    with pytest.raises(DomainError) as refusal:
        attempt()
    assert refusal.value.kind is Kind.NOT_ALLOWED
    assert Entry.objects.latest("id").document["outcome"] == "refused"
