# SPDX-License-Identifier: EUPL-1.2
"""Every page of the desk in a browser: three languages, a phone and a desktop, axe finds nothing."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from playwright.sync_api import Page, expect
from tests.integration.web_registration.conftest import Desk, picture, sign_in
from tests.support.browser import DESKTOP, LANGUAGES, PHONE, OpenPage, violations
from tests.support.screens import faults

from varmentaja.apps.applications.models import Application
from varmentaja.apps.audit.models import Entry
from varmentaja.apps.cards.models import Card

# Playwright keeps an event loop in this thread, in which Django would refuse to reach its database;
# nothing of ours runs in that loop.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

STEPS = ("person", "right", "document", "photo", "delivery", "terms", "check", "cancel")


@pytest.fixture
def pages(live_server: Any, transactional_db: None, faults: Path) -> Iterator[tuple[str, Client, list[str]]]:
    """A served portal, a registrar's session, and the paths of all pages."""
    client = Client()
    sign_in(client, "registrar")
    desk = Desk(client)
    decided = desk.fill("physician", photo=True).send().number
    refused = desk.fill("nurse_ended").send().number
    open_one = desk.fill("physician_dentist", right="034").go("photo").number
    desk.send(with_photo="yes", photo=SimpleUploadedFile("me.jpg", picture(), "image/jpeg"))
    hidden = desk.start("non_disclosure").number
    ended = desk.start("restricted_physician").number
    paths = ["", f"{decided}/", f"{refused}/", f"{hidden}/person/", f"{hidden}/delivery/", f"{ended}/person/"]
    yield live_server.url, client, [*paths, *(f"{open_one}/{step}/" for step in STEPS)]


def _enter(open_page: OpenPage, address: str, client: Client, size: tuple[int, int]) -> Page:
    page = open_page(address, size=size)
    name = settings.SESSION_COOKIE_NAME
    page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": address}])
    return page


@pytest.mark.browser
def test_every_page_is_fit_for_all(pages: tuple[str, Client, list[str]], open_page: OpenPage) -> None:
    address, client, paths = pages
    page = _enter(open_page, f"{address}/", client, DESKTOP)
    wrong: list[str] = []
    for language in LANGUAGES:
        for path in paths:
            answer = page.goto(f"{address}/{language}/registration/{path}")
            assert answer is not None and answer.ok, path
            wrong += faults(page, path.strip("/").replace("/", "-") or "desk", language)
    assert wrong == []


@pytest.mark.browser
def test_an_error_is_summed_up_first_and_focused(
    pages: tuple[str, Client, list[str]], open_page: OpenPage
) -> None:
    address, client, paths = pages
    page = _enter(open_page, f"{address}/en/", client, PHONE)
    for path in ("", *(each for each in paths if each.endswith(("document/", "delivery/")))):
        page.goto(f"{address}/en/registration/{path}")
        page.evaluate("document.querySelectorAll('main [type=radio]').forEach(r => { r.checked = false })")
        page.locator("main form").first.locator("button").click()
        expect(page).to_have_title(re.compile("^Error: "))
        expect(page.locator("#error-summary")).to_be_focused()
        assert violations(page) == [], path


@pytest.mark.browser
def test_the_back_button_shows_the_present_state_and_an_old_form_does_nothing_twice(
    live_server: Any, transactional_db: None, faults: Path, open_page: OpenPage
) -> None:
    """A step gone back to, a form that lay open meanwhile, and both again around the submission."""
    client = Client()
    sign_in(client, "registrar")
    number = Desk(client).fill("physician").number
    address = f"{live_server.url}/en/registration/{number}"
    page = _enter(open_page, f"{live_server.url}/en/", client, DESKTOP)
    old = page.context.new_page()
    for each in (page, old):
        each.goto(f"{address}/document/")
    _send_number(page, "XP0000001")
    expect(page).to_have_url(f"{address}/check/")
    page.go_back()
    expect(page).to_have_url(f"{address}/document/")
    expect(page.locator("[name=number]")).to_have_value("XP0000001")
    _send_number(old, "XP0000002")
    expect(old.locator(".notification.warning")).to_contain_text("changed after you opened the page")
    expect(old.locator("[name=number]")).to_have_value("XP0000001")

    for each in (page, old):
        each.goto(f"{address}/check/")
    page.locator("main form .buttons button").first.click()
    expect(page).to_have_url(f"{address}/")
    expect(page.locator("main")).to_contain_text("Card ordered")
    page.go_back()
    expect(page).to_have_url(f"{address}/")
    expect(page.locator("main")).to_contain_text("Card ordered")
    old.locator("main form .buttons button").first.click()
    expect(old).to_have_url(f"{address}/")
    expect(old.locator("main")).to_contain_text("Card ordered")
    assert Card.objects.filter(application=number).count() == 1
    decided = Entry.objects.filter(subject_type="applications.application", subject_id=str(number))
    assert decided.filter(action="application.submitted").count() == 1
    shown = Application.objects.get(pk=number).identity_document
    assert shown is not None and shown["number"] == "XP0000001"


def _send_number(page: Page, number: str) -> None:
    page.fill("[name=number]", number)
    page.locator("main form .buttons button").first.click()
