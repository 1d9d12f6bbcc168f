# SPDX-License-Identifier: EUPL-1.2
"""Chromium's own handshake: one person signs in and out, then another, and no window is closed between."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect
from tests.integration.tls.conftest import Identity, World
from tests.support.browser_window import NssHome, browser_window, wait_for_dialog
from tests.support.desktop import Desktop

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright keeps an event loop in this very thread

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WAIT = 30_000
PEOPLE = ("physician", "prescribing_nurse")


@pytest.fixture
def home(world: World, tmp_path: Path) -> NssHome:
    made = NssHome(tmp_path / "home")
    made.trust_site(world.server_certificate)
    return made


@pytest.fixture
def window(browser: Browser, desktop: Desktop, home: NssHome) -> Iterator[BrowserContext]:
    with browser_window(browser, desktop, home) as context:
        yield context


@pytest.fixture
def identities(world: World, home: NssHome) -> dict[str, Identity]:
    """Two people with a certificate each, both in this browser; by family name."""
    made = [world.identity(role=role) for role in PEOPLE]
    for identity in made:
        home.add(identity.certificate, identity.key)
    return {identity.row.card.person.family_name: identity for identity in made}


def begin(window: BrowserContext, world: World) -> Page:
    page = window.pages[0]
    page.goto(f"{world.portal}/en/sign-in/?next=/en/my-card/")
    page.get_by_role("link", name="certificate choice").click(no_wait_after=True)
    return page


def choose(desktop: Desktop, number: int) -> None:
    """One of the certificates that the browser offers."""
    wait_for_dialog(desktop)
    desktop.press(*["Down"] * number, "Return")


def signed_in(page: Page, names: set[str]) -> str:
    """Whose card the page shows."""
    page.wait_for_url("**/en/my-card/", timeout=WAIT)
    shown = page.locator("body").inner_text()
    return next(name for name in names if name in shown)


def test_two_people_sign_in_one_after_the_other_and_no_window_is_closed(
    identities: dict[str, Identity], window: BrowserContext, desktop: Desktop, world: World
) -> None:
    seen = []
    for number in range(len(PEOPLE)):
        page = begin(window, world)
        choose(desktop, number)
        seen.append(signed_in(page, set(identities)))
        page.locator(".signed-in button").click()
        expect(page.get_by_role("heading", name="You have signed out")).to_be_visible(timeout=WAIT)
        page.goto(f"{world.portal}/en/my-card/")
        expect(page.get_by_role("heading", name="Sign in with your card")).to_be_visible(timeout=WAIT)
    assert set(seen) == set(identities)


def test_a_browser_without_a_certificate_is_told_and_led_on(window: BrowserContext, world: World) -> None:
    page = begin(window, world)
    expect(page.get_by_role("heading", name="Your browser sent no certificate")).to_be_visible(timeout=WAIT)
    expect(page.locator("main")).to_contain_text(re.compile("private window"))
    page.get_by_role("link", name="Other ways to sign in").click()
    expect(page.get_by_role("heading", name="Sign in with your card")).to_be_visible(timeout=WAIT)
