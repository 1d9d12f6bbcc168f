# SPDX-License-Identifier: EUPL-1.2
"""Chromium signs in and signs a document through the card reader program; axe finds nothing on any page."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection
from playwright.sync_api import Page, expect
from tests.integration.web_holder.conftest import Holder
from tests.support.browser import LANGUAGES, OpenPage
from tests.support.cards import PIN1, PIN2
from tests.support.screens import faults
from tests.support.web import serve

from varmentaja.adapters.post.mailbox import SimulatedMailbox
from varmentaja.ports.connected import connect
from varmentaja.reader.control_client import ReaderControl
from varmentaja.reader.program import ReaderProgram, ReaderSettings

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright keeps an event loop in this very thread

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def reader(holder: Holder, tmp_path: Path, settings: Any) -> Iterator[ReaderControl]:
    """The card reader program on a port of its own, the holder's card in it."""
    holder.driver.transport.close()
    program = ReaderProgram(ReaderSettings(tmp_path / "run", holder.service.folder / "host.sock", 0, (0,)))
    settings.SCS_ADDRESSES = (program.scs.url,)
    control = ReaderControl.running(tmp_path / "run")
    control.insert(holder.card.chip_serial)
    yield control
    program.close()


@pytest.fixture
def pages(holder: Holder) -> Iterator[str]:
    """Address of the portal on the test's own database."""
    from varmentaja.web.wsgi import application

    connect(replace(holder.service.outside, mailbox=SimulatedMailbox(holder.service.post)))
    with patch.dict(connection.settings_dict, CONN_MAX_AGE=0), serve(application) as address:
        yield address


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_holder_signs_in_signs_and_stops_the_card(
    holder: Holder,
    reader: ReaderControl,
    pages: str,
    open_page: OpenPage,
    language: str,
) -> None:
    def fine(page: Page, name: str) -> None:
        assert faults(page, name, language) == []

    home = f"{pages}/{language}"
    page = open_page(f"{home}/")
    for path in ("", "status-services/", "sandbox/", "sandbox/letters/", "sandbox/move-on/", "signed-out/"):
        page.goto(f"{home}/{path}")
        fine(page, path.strip("/").replace("/", "-") or "front")
    page.goto(f"{home}/my-card/documents/")
    expect(page.locator("form.scs button")).to_be_visible(timeout=10_000)
    fine(page, "sign-in")
    page.locator("form.scs button").click()
    reader.answer(reader.wait_for_question()["number"], PIN1)
    page.wait_for_url("**/my-card/documents/")
    fine(page, "documents")
    page.goto(f"{home}/my-card/documents/new/")
    page.locator("main form button").click()
    fine(page, "new-document-errors")
    page.locator("#id_title").fill("Ä")
    page.locator("#id_text").fill("Text")
    page.locator("main form button").click()
    expect(page.locator("form.scs button")).to_be_visible(timeout=10_000)
    fine(page, "sign-document")
    page.locator("form.scs button").click()
    reader.answer(reader.wait_for_question()["number"], PIN2)
    page.wait_for_url("**/my-card/documents/*/")
    expect(page.locator(".notification.success")).to_be_visible()
    fine(page, "document")
    page.goto(f"{home}/my-card/")
    page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
    fine(page, "my-card")
    page.goto(f"{home}/my-card/{holder.card.pk}/end/")
    fine(page, "end")
    page.locator("input[value=lost]").check()
    page.locator("main form button").click()
    page.wait_for_url("**/my-card/ended/")
    fine(page, "ended")


def test_a_cancelled_pin_is_told_on_the_page(reader: ReaderControl, pages: str, open_page: OpenPage) -> None:
    page = open_page(f"{pages}/en/sign-in/")
    page.locator("form.scs button").click()
    reader.cancel(reader.wait_for_question()["number"])
    expect(page.get_by_role("status")).to_contain_text("You cancelled")
    expect(page.locator("form.scs button")).to_be_enabled()


def test_without_scripts_the_page_says_what_is_missing(pages: str, open_page: OpenPage) -> None:
    page = open_page(f"{pages}/en/sign-in/", javascript=False)
    expect(page.get_by_role("heading", name="JavaScript is needed")).to_be_visible()
