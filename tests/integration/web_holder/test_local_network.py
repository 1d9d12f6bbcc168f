# SPDX-License-Identifier: EUPL-1.2
"""The portal's own sign-in page while Chromium asks whether it may speak with programs of this computer, and
after the person has said no or yes. A page of a public address is one for which browsers ask."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest.mock import patch
from urllib.parse import urlsplit

import pytest
from django.db import connection
from playwright.sync_api import Browser, BrowserContext, expect
from tests.support.browser import ARGUMENTS, CHROMIUM, LANGUAGES, violations
from tests.support.browser_window import NssHome, browser_window
from tests.support.desktop import Desktop
from tests.support.other_scs import OtherScs
from tests.support.service import Service
from tests.support.web import serve

from varmentaja.reader.texts import say
from varmentaja.relying_party.page import page_texts

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright keeps an event loop in this very thread

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WAIT = 30_000


@pytest.fixture
def scs(settings: Any) -> Iterator[OtherScs]:
    """A program with a card, at the address that the page tries."""
    server = OtherScs("1.2", lambda _usage, _content: (b"", []))
    settings.SCS_ADDRESSES = (server.url,)
    yield server
    server.close()


@pytest.fixture
def pages(portal_of_service: Service, scs: OtherScs) -> Iterator[str]:
    """Address of the portal on the test's own database."""
    from varmentaja.web.wsgi import application

    with patch.dict(connection.settings_dict, CONN_MAX_AGE=0), serve(application) as address:
        yield address


def public(address: str) -> str:
    """The argument that makes an address one of the open network."""
    return f"--ip-address-space-overrides=127.0.0.1:{urlsplit(address).port}=public"


def shows(context: BrowserContext, address: str, state: str) -> None:
    """The page says in its language what is asked of the person in this state."""
    page = context.pages[0] if context.pages else context.new_page()
    for language in LANGUAGES:
        page.goto(f"{address}/{language}/sign-in/")
        expect(page.locator(f"[data-scs-state={state}]")).to_be_visible(timeout=WAIT)
        words = say(page_texts("digitalSignature")[state], language)
        expect(page.locator("[data-scs-message]")).to_have_text(words)
        expect(page.locator("form.scs button")).to_be_hidden()
        assert violations(page) == []


def test_a_page_that_was_denied_says_where_to_allow_it(browser: Browser, pages: str) -> None:
    launched = browser.browser_type.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, public(pages)])
    shows(launched.new_context(), pages, "blocked")
    launched.close()


def test_while_the_browser_asks_the_page_explains_the_question(
    browser: Browser, desktop: Desktop, pages: str, tmp_path: Path
) -> None:
    home = NssHome(tmp_path / "home")
    with browser_window(browser, desktop, home, arguments=[public(pages)]) as window:
        shows(window, pages, "permission")
        desktop.picture("browser-asks")
        window.grant_permissions(["local-network-access"])
        page = window.pages[0]
        page.goto(f"{pages}/en/sign-in/")
        expect(page.locator("form.scs button")).to_be_visible(timeout=WAIT)
