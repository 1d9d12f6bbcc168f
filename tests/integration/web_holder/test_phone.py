# SPDX-License-Identifier: EUPL-1.2
"""On a phone: the pages that ask for a signature work by touch, with the SCS server of another maker.

It answers at a later port of the candidates, by HTTP alone and in one old version; at an earlier one somebody
listens who says nothing at all.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.integration.web_holder.conftest import Holder
from tests.integration.web_holder.test_browser import pages
from tests.support.browser import keep, violations, wider_than_screen
from tests.support.cards import PIN1, PIN2
from tests.support.other_scs import OtherScs

from varmentaja.card.driver import HashAlgorithm, KeyRole

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright keeps an event loop in this very thread

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

__all__ = ["pages"]

ANDROID = (
    "Mozilla/5.0 (Linux; Android 14; Pixel 8) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/140.0.0.0 Mobile Safari/537.36"
)
KEYS = {
    "digitalsignature": (KeyRole.AUTHENTICATION, PIN1),
    "nonrepudiation": (KeyRole.SIGNATURE, PIN2),
}
FINGER = 40
"""CSS pixels that a button is high at least."""
WAIT = 30_000


@pytest.fixture
def version() -> str:
    """The one that the phone's program serves."""
    return "1.1"


@pytest.fixture
def app(version: str, holder: Holder, settings: Any) -> Iterator[OtherScs]:
    """The signing program of the phone, the holder's card held to it."""
    contents = holder.driver.read()

    def sign(usage: str, content: bytes) -> tuple[bytes, list[bytes]]:
        role, pin = KEYS[usage]
        leaf = contents.certificate(role)
        assert leaf is not None
        return holder.driver.sign(role, content, HashAlgorithm.SHA256, pin), [leaf]

    running = OtherScs(version, sign)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        nobody = "https://127.0.0.1:9"
        settings.SCS_ADDRESSES = (nobody, f"http://127.0.0.1:{silent.getsockname()[1]}", running.url)
        yield running
    running.close()


@pytest.fixture
def phone(browser: Browser, pages: str) -> Iterator[Page]:
    """A page as a phone's browser shows it."""
    context = browser.new_context(
        base_url=pages,
        viewport={"width": 390, "height": 844},
        device_scale_factor=3,
        is_mobile=True,
        has_touch=True,
        user_agent=ANDROID,
        locale="fi-FI",
    )
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("version", ["1.1", "1.2"])
def test_a_phone_signs_in_and_signs_a_document(app: OtherScs, phone: Page) -> None:
    phone.goto("/fi/my-card/documents/")
    tap(phone, "form.scs button", "phone-sign-in")
    phone.wait_for_url("**/my-card/documents/")
    fine(phone, "phone-documents")
    phone.goto("/fi/my-card/documents/new/")
    phone.locator("#id_title").fill("Työvuoro")
    phone.locator("#id_text").fill("Vaihdan vuoron.")
    tap(phone, "main form button", "phone-new-document")
    tap(phone, "form.scs button", "phone-sign-document")
    phone.wait_for_url("**/my-card/documents/*/")
    expect(phone.locator(".notification.success")).to_be_visible()
    fine(phone, "phone-document")
    assert [request["version"] for request in app.requests] == [app.version] * 2


def test_a_no_that_is_but_a_code_is_told_in_words(app: OtherScs, phone: Page) -> None:
    phone.goto("/sv/sign-in/")
    for reason, state in ((401, "cancelled"), (403, "wrong_origin"), (500, "other"), (404, "no_card")):
        app.refusal = reason
        phone.locator("form.scs button").tap(timeout=WAIT)
        expect(phone.locator(f"form[data-scs-state={state}]")).to_be_visible(timeout=WAIT)
        expect(phone.get_by_role("status")).not_to_be_empty()


def test_a_phone_without_a_card_waits_for_one(app: OtherScs, phone: Page) -> None:
    app.has_card = False
    phone.goto("/en/sign-in/")
    expect(phone.get_by_role("status")).to_contain_text("Put your card", timeout=WAIT)
    expect(phone.locator("form.scs button")).to_be_hidden()
    app.has_card = True
    expect(phone.locator("form.scs button")).to_be_visible(timeout=WAIT)


def fine(phone: Page, name: str) -> None:
    keep(phone, name)
    assert violations(phone) == [], name
    assert wider_than_screen(phone) == [], name


def tap(phone: Page, selector: str, name: str) -> None:
    """Touch a button that is as large as a finger and needs no scrolling sideways."""
    button = phone.locator(selector).first
    expect(button).to_be_visible(timeout=WAIT)
    fine(phone, name)
    box = button.bounding_box()
    assert box is not None and box["height"] >= FINGER and box["x"] >= 0
    assert box["x"] + box["width"] <= 390
    button.tap()
