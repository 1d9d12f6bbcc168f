# SPDX-License-Identifier: EUPL-1.2
"""What happens to a card on its way, and what is refused to a registrar, stands in the evidence."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.service import Service

from varmentaja.adapters.sandbox.cast import load_cast
from varmentaja.apps.applications.actions.open_application import open_application
from varmentaja.apps.applications.actions.record_photo import record_photo
from varmentaja.apps.audit.models import Entry
from varmentaja.apps.cards.actions.produce_card import produce_card
from varmentaja.domain.errors import DomainError

pytestmark = pytest.mark.django_db


def entries(action: str) -> list[dict[str, Any]]:
    return [entry.document for entry in Entry.objects.filter(action=action).order_by("id")]


def test_a_card_that_was_made_is_named_with_its_chip(service: Service) -> None:
    card = service.made_card()
    (made,) = entries("card.produced")
    assert made["subject"] == {"type": "cards.card", "id": str(card.pk)}
    assert made["facts"] == {"chip": card.chip_serial}


def test_a_card_that_is_discarded_is_named_with_the_reason(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = service.application()
    service.submit(draft)
    order = service.order_of(draft)
    monkeypatch.setattr(
        "varmentaja.apps.cards.actions.produce_card.differences", lambda *args, **kwargs: ["title"]
    )
    produce_card(order.pk, now=service.now, today=service.today)
    (discarded,) = entries("card.discarded")
    assert discarded["subject"] == {"type": "cards.card", "id": str(order.card_id)}
    assert discarded["facts"] == {"reason": "register_changed"}
    assert entries("card.produced") == []


def test_whoever_asks_the_population_register_is_named(service: Service) -> None:
    draft = service.application()
    asked = entries("person.refreshed")[-1]
    assert asked["subject"] == {"type": "people.person", "id": str(draft.person_id)}
    assert asked["actor"]["person"] == service.registrar().person_id


def test_a_refusal_names_the_application(service: Service) -> None:
    draft = service.application()
    stranger = service.registrar("second_registrar", point="toinen")
    with pytest.raises(DomainError):
        record_photo(stranger, draft.pk, draft.version, None, today=service.today)
    refused = Entry.objects.latest("id").document
    assert (refused["action"], refused["outcome"]) == ("application.changed", "refused")
    assert refused["subject"] == {"type": "applications.application", "id": str(draft.pk)}


def test_a_refusal_to_open_names_the_person_that_we_know(service: Service) -> None:
    registrar = service.registrar()
    code = str(load_cast().member("registrar").identity_code)
    with pytest.raises(DomainError):
        open_application(registrar, code, now=service.now, today=service.today)
    refused = Entry.objects.latest("id").document
    assert (refused["action"], refused["outcome"]) == ("application.opened", "refused")
    assert refused["subject"] == {"type": "people.person", "id": str(registrar.person_id)}
