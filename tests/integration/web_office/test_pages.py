# SPDX-License-Identifier: EUPL-1.2
"""The office's pages in a browser: no barrier that axe finds, nothing wider than a phone, three languages."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client
from playwright.sync_api import expect
from tests.integration.web_office.conftest import signed_in
from tests.integration.web_office.test_work import CALL, discard_for_change, waiting
from tests.support.browser import LANGUAGES, PHONE, OpenPage, keep
from tests.support.screens import faults
from tests.support.service import Service

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def connections_end_with_their_request(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The portal's threads must leave no session behind in the database of the test."""
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", 0)


def pages(service: Service) -> dict[str, str]:
    """Each page by a name, with something on it."""
    from varmentaja.apps.cards.actions.end_card import end_card
    from varmentaja.apps.letters.actions.post_letter import post_letter
    from varmentaja.apps.status.actions.name_canary import ask_for_dismissal, name_canary
    from varmentaja.apps.status.holds import hold_back
    from varmentaja.apps.status.models import Hold
    from varmentaja.domain.callers import CallerCheck
    from varmentaja.domain.errors import message
    from varmentaja.domain.publication_gate import Finding, Gate
    from varmentaja.domain.revocation import Ground

    now, today = service.now, service.today
    card, ended = service.made_card(), service.made_card("social_worker")
    letter = card.letters.get()
    post_letter(letter.pk, now=now, today=letter.due_on)
    end_card(
        service.officer(),
        ended.pk,
        Ground.LOST,
        caller=CallerCheck.QUESTIONS,
        note="Juna",
        now=now,
        today=today,
    )
    discarded = service.application("prescribing_nurse")
    service.submit(discarded)
    discard_for_change(service, service.order_of(discarded))
    review = waiting(service)
    draft = service.application("nurse_time_limited")
    service.submit(service.application("nurse_ended"))
    named = tuple((row.authority, int(row.serial, 16)) for row in ended.certificates.all())
    hold_back([Finding(Gate.JUMP, "", 70, message("%(count)d at once.", count=70), named)], now=now)
    held = Hold.objects.get()
    canary, asked = (
        name_canary(service.officer(), each.certificates.all()[0].serial) for each in (card, ended)
    )
    ask_for_dismissal(service.officer(), asked, "The card was lost")
    return {
        "front": "",
        "person": f"people/{card.person_id}/",
        "history": f"people/{card.person_id}/history/?reads=1",
        "roles": f"people/{service.officer().person_id}/roles/",
        "roles of another": f"people/{service.registrar().person_id}/roles/",
        "letters in trouble": "letters/",
        "draft": f"applications/{draft.pk}/",
        "card": f"cards/{card.pk}/",
        "ended": f"cards/{ended.pk}/",
        "revoke": f"cards/{card.pk}/revoke/",
        "revoked": f"cards/{ended.pk}/revoked/",
        "letter": f"letters/{letter.pk}/",
        "applications": "applications/",
        "discarded": f"applications/{discarded.pk}/",
        "review": f"applications/{review.pk}/",
        "orders": "orders/",
        "holds": "holds/",
        "hold": f"holds/{held.pk}/",
        "canaries": "holds/certificates/",
        "canary": f"holds/certificates/{canary}/",
        "canary-asked": f"holds/certificates/{asked}/",
        "untold": "untold/",
        "serials": "serials/",
        "recovered": "recovered/",
        "refusals": "refusals/",
    }


def test_every_page_on_phone_and_desktop_in_three_languages(
    service: Service, portal: str, open_page: OpenPage, transactional_db: None
) -> None:
    office = signed_in(service, "officer", "officer")
    found = pages(service)
    wrong: list[str] = []
    page = open_page(f"{portal}/en/")
    page.context.add_cookies([cookie(office, portal)])
    for language in LANGUAGES:
        for name, path in found.items():
            page.goto(f"{portal}/{language}/office/{path}")
            wrong += faults(page, name, language)
    assert wrong == []


def test_the_telephone_call_by_keyboard_without_scripts(
    service: Service, portal: str, open_page: OpenPage, transactional_db: None
) -> None:
    office = signed_in(service, "officer", "officer")
    card = service.made_card()
    page = open_page(f"{portal}/en/", javascript=False, size=PHONE)
    page.context.add_cookies([cookie(office, portal)])
    page.goto(f"{portal}/en/office/")
    page.get_by_label("Search").fill(card.printed_serial)
    page.get_by_label("Search").press("Enter")
    page.get_by_role("link", name="Professional card").click()
    page.get_by_role("link", name="Revoke by telephone").click()
    page.get_by_label("The card is lost").check()
    page.get_by_label("The caller knew facts that stand in the registers").check()
    page.get_by_role("textbox").fill(CALL["note"])
    page.get_by_role("button", name="Check before revoking").click()
    keep(page, "check-en-390")
    page.get_by_role("button", name="Revoke the card for good").click()
    expect(page.get_by_role("heading", name="The card has been revoked")).to_be_visible()


def cookie(client: Client, portal: str) -> Any:
    """The session of ``client`` for a browser."""
    name = settings.SESSION_COOKIE_NAME
    return {"name": name, "value": client.cookies[name].value, "url": portal}
