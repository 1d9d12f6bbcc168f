# SPDX-License-Identifier: EUPL-1.2
"""A card from its activation to a prescription in the demo clinic, in Chromium and three languages.

Every page of the clinic on a phone and on a desktop, and what programs of others say of the signed documents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect
from tests.e2e.test_journey import Looking
from tests.support.browser import DESKTOP, LANGUAGES, PHONE, keep

from varmentaja.tour.engine import play
from varmentaja.tour.place import of_its_own
from varmentaja.tour.reader_story import STEPS, open_story, verifiers
from varmentaja.tour.reader_story.clinic import PRESCRIPTION
from varmentaja.tour.reader_story.story import ReaderStory

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journey"), pytest.mark.timeout(300)]

SLOW = 60_000
"""Milliseconds for what other programs do meanwhile, on a busy machine."""
UNTIL_CODE = 5
"""So many steps of the story until the physician has a card and its code."""

Look = Callable[[Page, str], None]


@pytest.fixture(scope="module")
def story(browser: Browser) -> Iterator[ReaderStory]:
    """A demo in which the physician has activated a card."""
    with ExitStack() as stack:
        place = stack.enter_context(of_its_own("ecc", keep=False))
        opened = stack.enter_context(open_story(place))
        results = play(STEPS[:UNTIL_CODE], opened)
        assert not results[-1].error, results[-1]
        with _person(browser, "fi") as page:
            _activate(page, opened)
        yield opened


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_physician_signs_a_prescription_on_every_screen_without_a_fault(
    story: ReaderStory, browser: Browser, language: str
) -> None:
    looking = Looking(language)

    def look(page: Page, name: str) -> None:
        looking(page, name)
        for kind, (width, height) in {"phone": PHONE, "desktop": DESKTOP}.items():
            page.set_viewport_size({"width": width, "height": height})
            keep(page, f"clinic-{language}-{name}-{kind}")

    with _person(browser, language) as page:
        page.goto(f"{story.place.clinic}/{language}/")
        expect(page.locator("[data-scs-state=no_card]")).to_be_visible(timeout=SLOW)
        look(page, "sign-in")
        story.reader.insert(story.her_card.serial)
        try:
            _sign_in_to_the_service(page, story, language)
            page.goto(f"{story.place.clinic}/{language}/")
            _sign_in_and_write(page, story, look)
            _sign_twice(page, story, look)
        finally:
            story.reader.pull()
        _download(page, story)
        _show_to_others(page, story, look)
        page.click(".signed-in button")
        expect(page.locator(".signed-in")).to_have_count(0)
    for verify in (verifiers.pdfsig, verifiers.xmlsec1):
        assert "left out" not in verify(story)
    assert looking.faults == []


def _activate(page: Page, story: ReaderStory) -> None:
    """At the virtual reader."""
    services = {each["name"]: each["address"] for each in story.place.status["services"]}
    page.goto(f"{services['reader'].rstrip('/')}/fi/")
    page.select_option("#card-1", story.her_card.serial)
    page.locator("form[action$='/insert'] button").first.click()
    page.wait_for_url("**/1/activate", timeout=SLOW)
    page.focus("#code")
    pins = (story.her_card.pin1, story.her_card.pin2)
    for digits in (story.code, pins[0], pins[0], pins[1], pins[1]):
        page.keyboard.type(digits)
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/?activate", timeout=SLOW)
    story.reader.pull()


@contextmanager
def _person(browser: Browser, language: str) -> Iterator[Page]:
    """The physician's browser; a script that fails fails the test."""
    context = browser.new_context(viewport={"width": DESKTOP[0], "height": DESKTOP[1]}, locale=language)
    faults: list[str] = []
    page = context.new_page()
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda line: faults.append(line.text) if "Content Security" in line.text else None)
    try:
        yield page
    finally:
        context.close()
    assert faults == []


def _ask_card(page: Page, story: ReaderStory, pin: str) -> None:
    page.locator("[data-scs] button[type=submit]").click(timeout=SLOW)
    story.reader.answer(story.reader.wait_for_question()["number"], pin)


def _sign_in_to_the_service(page: Page, story: ReaderStory, language: str) -> None:
    page.goto(f"{story.place.portal}/{language}/my-card/")
    _ask_card(page, story, story.her_card.pin1)
    page.wait_for_url("**/my-card/", timeout=SLOW)
    expect(page.locator("main")).to_contain_text(story.hero.family_name)


def _sign_in_and_write(page: Page, story: ReaderStory, look: Look) -> None:
    _ask_card(page, story, story.her_card.pin1)
    expect(page.locator(".signed-in")).to_be_visible(timeout=SLOW)
    look(page, "front")
    page.click("main a.button")
    page.fill("#medicine", PRESCRIPTION["medicine"])
    page.fill("#identity_code", "010181-9999")
    page.click("main form .buttons button")
    expect(page.locator("#error-summary")).to_be_focused(timeout=SLOW)
    expect(page.locator("#medicine")).to_have_value(PRESCRIPTION["medicine"])
    look(page, "errors")
    typed = {**PRESCRIPTION, "amount": "30", "dosage": "1 x 3", "purpose": ""}
    for name, value in typed.items():
        page.fill(f"#{name}", value)
    page.click("main form .buttons button")
    page.wait_for_selector("form[action$='/document']", timeout=SLOW)


def _sign_twice(page: Page, story: ReaderStory, look: Look) -> None:
    expect(page.locator("[data-scs-state=ready]")).to_be_visible(timeout=SLOW)
    look(page, "sign")
    _ask_card(page, story, story.her_card.pin2)
    page.wait_for_selector("form[action$='/paper']", timeout=SLOW)
    expect(page.locator("[data-scs-state=ready]")).to_be_visible(timeout=SLOW)
    look(page, "sign-paper")
    _ask_card(page, story, story.her_card.pin2)
    expect(page.locator(".notification.success")).to_be_visible(timeout=SLOW)
    look(page, "signed")


def _download(page: Page, story: ReaderStory) -> None:
    story.pdf, story.cda = story.folder / "signed.pdf", story.folder / "signed.xml"
    for kind, file in (("pdf", story.pdf), ("cda", story.cda)):
        link = page.locator(f"[data-download={kind}]").evaluate("link => link.href")
        file.write_bytes(page.context.request.get(link).body())


def _show_to_others(page: Page, story: ReaderStory, look: Look) -> None:
    """The page that tells anybody who signed; one digit of the dosage changed is told too."""
    page.click("nav a[href$='/check']")
    look(page, "check")
    cda = story.signed(story.cda).read_bytes()
    changed = cda.replace(b"1 x 3", b"9 x 3")
    assert changed != cda
    _upload(page, "changed.xml", changed)
    expect(page.locator("#error-summary")).to_be_focused(timeout=SLOW)
    look(page, "changed")
    for kind, content in (("pdf", story.signed(story.pdf).read_bytes()), ("cda", cda)):
        _upload(page, f"signed.{kind}", content)
        expect(page.locator(".notification.success")).to_be_visible(timeout=SLOW)
        expect(page.locator("main")).to_contain_text(story.hero.family_name)
        look(page, f"checked-{kind}")


def _upload(page: Page, name: str, content: bytes) -> None:
    page.set_input_files(
        "#document", FilePayload(name=name, mimeType="application/octet-stream", buffer=content)
    )
    page.click("main form button")
