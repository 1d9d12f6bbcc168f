# SPDX-License-Identifier: EUPL-1.2
"""Each list that shows names leaves a trace that says which, and opens for those only who may."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from tests.support.service import Service

from varmentaja.apps.applications.actions.read_office_lists import read_applications_of, read_queue
from varmentaja.apps.audit.models import Entry
from varmentaja.apps.cards.actions.read_office_lists import read_cards_of, read_troubled_orders
from varmentaja.apps.cards.models import Order
from varmentaja.domain.applications import ApplicationState
from varmentaja.domain.errors import DomainError, Kind

pytestmark = pytest.mark.django_db


def reads(action: str, **facts: Any) -> list[dict[str, Any]]:
    """The entries of this action whose facts are these."""
    entries = [entry.document for entry in Entry.objects.filter(action=action).order_by("id")]
    return [entry for entry in entries if entry["facts"] == facts]


def test_the_list_of_applications_says_who_was_listed(service: Service, office: Client) -> None:
    draft = service.application("restricted_physician")
    service.submit(draft)
    assert "restricted" in office.get("/en/office/applications/").text
    (entry,) = reads("application.read", list="with_officer", applications=[draft.pk])
    assert entry["actor"]["person"] == service.officer().person_id
    office.get("/en/office/applications/discarded/")
    assert len(reads("application.read", list="approved", applications=[])) == 1


def test_the_list_of_orders_says_who_was_listed(service: Service, office: Client) -> None:
    draft = service.application()
    service.submit(draft)
    order = service.order_of(draft)
    Order.objects.filter(pk=order.pk).update(reason={"text": "The post does not answer.", "values": {}})
    assert "The post does not answer." in office.get("/en/office/orders/").text
    assert len(reads("card.read", list="orders", cards=[order.card_id])) == 1


def test_a_person_s_page_says_which_cards_and_applications_were_shown(
    service: Service, office: Client
) -> None:
    card = service.made_card()
    office.get(f"/en/office/people/{card.person_id}/")
    (cards,) = reads("card.read", cards=[card.pk])
    (applications,) = reads("application.read", applications=[card.application_id])
    person = {"type": "people.person", "id": str(card.person_id)}
    assert cards["subject"] == applications["subject"] == person
    history = office.get(f"/en/office/people/{card.person_id}/history/?reads=1").text
    assert "Card&#x27;s file read" in history or "Card's file read" in history


def test_a_search_says_whom_it_found(service: Service, office: Client) -> None:
    person = service.person("physician")
    office.post("/en/office/search/", {"text": person.family_name}, follow=True)
    assert len(reads("person.searched", hits=1, people=[person.pk])) == 1


@pytest.mark.parametrize("read", [0, 1, 2, 3])
def test_a_registrar_reads_no_list_of_the_office(service: Service, read: int) -> None:
    registrar, person = service.registrar(), service.person("physician")
    calls: list[Callable[[], object]] = [
        lambda: read_queue(registrar, ApplicationState.WITH_OFFICER),
        lambda: read_applications_of(registrar, person.pk),
        lambda: read_troubled_orders(registrar),
        lambda: read_cards_of(registrar, person.pk, today=service.today),
    ]
    with pytest.raises(DomainError) as refusal:
        calls[read]()
    assert refusal.value.kind is Kind.NOT_ALLOWED
    assert Entry.objects.latest("id").document["outcome"] == "refused"
