# SPDX-License-Identifier: EUPL-1.2
"""An officer's button that is pressed twice does its work once, and says so."""

from __future__ import annotations

import pytest
from django.test import Client
from tests.integration.web_office.test_work import CALL, discard_for_change, waiting
from tests.support.service import Service

from varmentaja.apps.audit.models import Entry
from varmentaja.apps.cards.models import Card

pytestmark = pytest.mark.django_db


def done(action: str) -> int:
    return Entry.objects.filter(action=action, outcome="done").count()


def test_a_card_is_revoked_once(service: Service, office: Client) -> None:
    card = service.made_card()
    address, form = f"/en/office/cards/{card.pk}/revoke/", {**CALL, "confirmed": "1"}
    assert [office.post(address, form).status_code for _ in range(2)] == [302, 409]
    assert (done("card.reported_lost"), done("certificate.revoked")) == (1, 2)
    assert card.events.filter(event="report_lost").count() == 1


def test_an_application_is_approved_once(service: Service, office: Client) -> None:
    draft = waiting(service)
    form = {"decision": "approve", "reason": "Tarkistettu", "version": draft.version}
    address = f"/en/office/applications/{draft.pk}/"
    assert office.post(address, form).status_code == 302
    assert "was changed after you opened the page" in office.post(address, form).text
    assert (done("application.approved"), Card.objects.filter(application=draft).count()) == (1, 1)


def test_a_card_is_ordered_again_once(service: Service, office: Client) -> None:
    draft = service.application()
    service.submit(draft)
    discard_for_change(service, service.order_of(draft))
    draft.refresh_from_db()
    address = f"/en/office/applications/{draft.pk}/order-again/"
    office.post(address, {"version": draft.version})
    second = office.post(address, {"version": draft.version}, follow=True)
    assert "was changed after you opened the page" in second.text
    assert Card.objects.filter(application=draft).count() == 2


def test_a_letter_is_noted_as_returned_once(service: Service, office: Client) -> None:
    from varmentaja.apps.letters.actions.post_letter import post_letter

    letter = service.made_card().letters.get()
    post_letter(letter.pk, now=service.now, today=letter.due_on)
    address = f"/en/office/letters/{letter.pk}/returned/"
    assert [office.post(address).status_code for _ in range(2)] == [302, 409]
    assert done("letter.returned") == 1
