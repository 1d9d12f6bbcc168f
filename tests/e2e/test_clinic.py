# SPDX-License-Identifier: EUPL-1.2
"""The demo clinic in Chromium, in three languages: every page, on a phone and on a desktop."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.e2e.test_journey import Looking
from tests.support.browser import DESKTOP, LANGUAGES, keep

from varmentaja.tour.engine import play
from varmentaja.tour.place import of_its_own
from varmentaja.tour.reader_story import STEPS, open_story
from varmentaja.tour.reader_story.clinic import PRESCRIPTION
from varmentaja.tour.reader_story.story import ReaderStory

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journey"), pytest.mark.timeout(300)]

SLOW = 60_000
"""Milliseconds for what the card reader program does meanwhile."""
UNTIL_ACTIVATED = 6
"""So many steps of the story until the physician has a card in use."""


@pytest.fixture(scope="module")
def story() -> Iterator[ReaderStory]:
    """A demo in which the physician holds an activated card."""
    with ExitStack() as stack:
        place = stack.enter_context(of_its_own("ecc", keep=False))
        opened = stack.enter_context(open_story(place))
        results = play(STEPS[:UNTIL_ACTIVATED], opened)
        assert not results[-1].error, results[-1]
        yield opened


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_physician_signs_a_prescription_on_every_screen_without_a_fault(
    story: ReaderStory, browser: Browser, language: str
) -> None:
    looking = Looking(language)
    context = browser.new_context(viewport={"width": DESKTOP[0], "height": DESKTOP[1]}, locale=language)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda line: faults.append(line.text) if "Content Security" in line.text else None)

    def look(name: str) -> None:
        looking(page, name)
        keep(page, f"clinic-{language}-{name}")

    try:
        page.goto(f"{story.place.clinic}/{language}/")
        expect(page.locator("[data-scs-state=no_card]")).to_be_visible(timeout=SLOW)
        look("sign-in")
        story.reader.insert(story.her_card.serial)
        try:
            _sign_in_and_write(page, story, look)
            _sign_twice(page, story, look)
        finally:
            story.reader.pull()
        _check(page, look)
        page.click(".signed-in button")
        expect(page.locator(".signed-in")).to_have_count(0)
    finally:
        context.close()
    assert looking.faults == [] and faults == []


def _ask_card(page: Page, story: ReaderStory, pin: str) -> None:
    page.locator("[data-scs] button[type=submit]").click(timeout=SLOW)
    story.reader.answer(story.reader.wait_for_question()["number"], pin)


def _sign_in_and_write(page: Page, story: ReaderStory, look: Callable[[str], None]) -> None:
    _ask_card(page, story, story.her_card.pin1)
    expect(page.locator(".signed-in")).to_be_visible(timeout=SLOW)
    look("front")
    page.click("main a.button")
    page.fill("#medicine", PRESCRIPTION["medicine"])
    page.fill("#identity_code", "010181-9999")
    page.click("main form .buttons button")
    expect(page.locator("#error-summary")).to_be_focused(timeout=SLOW)
    expect(page.locator("#medicine")).to_have_value(PRESCRIPTION["medicine"])
    look("errors")
    typed = {**PRESCRIPTION, "amount": "30", "dosage": "1 x 3", "purpose": ""}
    for name, value in typed.items():
        page.fill(f"#{name}", value)
    page.keyboard.press("Enter")
    page.wait_for_selector("form[action$='/document']")


def _sign_twice(page: Page, story: ReaderStory, look: Callable[[str], None]) -> None:
    expect(page.locator("[data-scs-state=ready]")).to_be_visible(timeout=SLOW)
    look("sign")
    _ask_card(page, story, story.her_card.pin2)
    page.wait_for_selector("form[action$='/paper']", timeout=SLOW)
    look("sign-paper")
    _ask_card(page, story, story.her_card.pin2)
    expect(page.locator(".notification.success")).to_be_visible(timeout=SLOW)
    look("signed")


def _check(page: Page, look: Callable[[str], None]) -> None:
    documents = {}
    for kind in ("pdf", "cda"):
        link = page.locator(f"[data-download={kind}]").evaluate("link => link.href")
        documents[kind] = page.context.request.get(link).body()
    assert documents["pdf"].startswith(b"%PDF-") and b"ds:SignatureValue" in documents["cda"]
    page.click("nav a[href$='/check']")
    look("check")
    for kind, content in documents.items():
        page.set_input_files(
            "#document", {"name": kind, "mimeType": "application/octet-stream", "buffer": content}
        )
        page.click("main form button")
        expect(page.locator(".notification.success")).to_be_visible(timeout=SLOW)
        expect(page.locator("main")).to_contain_text("Mäntykangas")
        look(f"checked-{kind}")
