# SPDX-License-Identifier: EUPL-1.2
"""Chromium signs in by the certificate of the handshake, out, and in again, without a window being closed."""

from __future__ import annotations

import os
import re

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.integration.tls.conftest import Identity, World

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright keeps an event loop in this very thread

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

WAIT = 30_000


def visit(browser: Browser, world: World, identity: Identity | None) -> Page:
    """The portal's sign-in page in a browser that has this certificate."""
    shown = (
        {"origin": world.tls_host, "certPath": identity.certificate, "keyPath": identity.key}
        if identity
        else {}
    )
    context = browser.new_context(
        ignore_https_errors=True,
        client_certificates=[shown] if shown else None,  # type: ignore[list-item]  # a dict is what it takes
        locale="en-GB",
    )
    page = context.new_page()
    page.goto(f"{world.portal}/en/sign-in/?next=/en/my-card/")
    return page


def choose_tls(page: Page) -> None:
    page.get_by_role("link", name="certificate choice").click()


def test_a_person_signs_in_out_and_in_again(browser: Browser, world: World) -> None:
    page = visit(browser, world, world.identity())
    choose_tls(page)
    page.wait_for_url("**/en/my-card/", timeout=WAIT)
    page.locator(".signed-in button").click()
    expect(page.get_by_role("heading", name="You have signed out")).to_be_visible(timeout=WAIT)
    page.goto(f"{world.portal}/en/my-card/")
    expect(page.get_by_role("heading", name="Sign in with your card")).to_be_visible(timeout=WAIT)
    choose_tls(page)
    page.wait_for_url("**/en/my-card/", timeout=WAIT)
    page.context.close()


def test_a_browser_without_a_certificate_is_told_and_led_on(browser: Browser, world: World) -> None:
    page = visit(browser, world, None)
    choose_tls(page)
    expect(page.get_by_role("heading", name="Your browser sent no certificate")).to_be_visible(timeout=WAIT)
    expect(page.locator("main")).to_contain_text(re.compile("private window"))
    page.get_by_role("link", name="Other ways to sign in").click()
    expect(page.get_by_role("heading", name="Sign in with your card")).to_be_visible(timeout=WAIT)
    page.context.close()
