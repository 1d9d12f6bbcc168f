# SPDX-License-Identifier: EUPL-1.2
"""A physician with a browser: the card is activated at the virtual reader, signs in to the service, and signs
a prescription in the demo clinic.

``ClinicVisit(page, story, "fi", look).walk()`` goes from page to page as people do; ``look(page, name)`` is
called on every page of the clinic. Afterwards ``story.pdf`` and ``story.cda`` are the signed documents.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, FilePayload, Page, expect
from tests.support.browser import DESKTOP

from varmentaja.tour.engine import play
from varmentaja.tour.place import Place
from varmentaja.tour.reader_story import STEPS, open_story
from varmentaja.tour.reader_story.clinic import PRESCRIPTION
from varmentaja.tour.reader_story.story import ReaderStory

Look = Callable[[Page, str], None]

SLOW = 60_000
"""Milliseconds for what other programs do meanwhile, on a busy machine."""
_UNTIL_CODE = 5
"""So many steps of the story until the physician has a card and its code."""


@contextmanager
def physician_with_card(browser: Browser, place: Place) -> Iterator[ReaderStory]:
    """A physician has activated a card on a demo that runs."""
    with open_story(place) as story:
        results = play(STEPS[:_UNTIL_CODE], story)
        assert not results[-1].error, results[-1]
        with person(browser, "fi") as page:
            _activate(page, story)
        yield story


@contextmanager
def person(browser: Browser, language: str) -> Iterator[Page]:
    """Somebody's browser with a page open; a script of ours that fails is a fault."""
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


def _activate(page: Page, story: ReaderStory) -> None:
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


class ClinicVisit:
    """One visit in one language."""

    def __init__(self, page: Page, story: ReaderStory, language: str, look: Look) -> None:
        self._page = page
        self._story = story
        self._language = language
        self._look = look
        self._clinic = f"{story.place.clinic}/{language}/"

    def walk(self) -> None:
        """From the closed door to the signed documents, which are shown to others, and out again."""
        page = self._page
        page.goto(self._clinic)
        expect(page.locator("[data-scs-state=no_card]")).to_be_visible(timeout=SLOW)
        self._see("sign-in")
        self._story.reader.insert(self._story.her_card.serial)
        try:
            self._sign_in_to_the_service()
            self._sign_in()
            self._write()
            self._sign_twice()
        finally:
            self._story.reader.pull()
        self._download()
        self._show_to_others()
        page.click(".signed-in button")
        expect(page.locator(".signed-in")).to_have_count(0)

    def _see(self, name: str) -> None:
        self._look(self._page, f"clinic-{name}")

    def _ask_card(self, pin: str) -> None:
        self._page.locator("[data-scs] button[type=submit]").click(timeout=SLOW)
        reader = self._story.reader
        reader.answer(reader.wait_for_question()["number"], pin)

    def _sign_in_to_the_service(self) -> None:
        self._page.goto(f"{self._story.place.portal}/{self._language}/my-card/")
        self._ask_card(self._story.her_card.pin1)
        self._page.wait_for_url("**/my-card/", timeout=SLOW)
        expect(self._page.locator("main")).to_contain_text(self._story.hero.family_name)

    def _sign_in(self) -> None:
        self._page.goto(self._clinic)
        self._ask_card(self._story.her_card.pin1)
        expect(self._page.locator(".signed-in")).to_be_visible(timeout=SLOW)
        self._see("front")

    def _write(self) -> None:
        """With errors first: what was typed stays."""
        page = self._page
        page.click("main a.button")
        page.fill("#medicine", PRESCRIPTION["medicine"])
        page.fill("#identity_code", "010181-9999")
        page.click("main form .buttons button")
        expect(page.locator("#error-summary")).to_be_focused(timeout=SLOW)
        expect(page.locator("#medicine")).to_have_value(PRESCRIPTION["medicine"])
        self._see("errors")
        # Numbers alone, since words in the wrong language would count as untranslated.
        typed = {**PRESCRIPTION, "amount": "30", "dosage": "1 x 3", "purpose": ""}
        for name, value in typed.items():
            page.fill(f"#{name}", value)
        page.click("main form .buttons button")
        page.wait_for_selector("form[action$='/document']", timeout=SLOW)

    def _sign_twice(self) -> None:
        for form, name in (("document", "sign"), ("paper", "sign-paper")):
            self._page.wait_for_selector(f"form[action$='/{form}']", timeout=SLOW)
            expect(self._page.locator("[data-scs-state=ready]")).to_be_visible(timeout=SLOW)
            self._see(name)
            self._ask_card(self._story.her_card.pin2)
        expect(self._page.locator(".notification.success")).to_be_visible(timeout=SLOW)
        self._see("signed")

    def _download(self) -> None:
        story = self._story
        story.pdf, story.cda = story.folder / "signed.pdf", story.folder / "signed.xml"
        for kind, file in (("pdf", story.pdf), ("cda", story.cda)):
            link = self._page.locator(f"[data-download={kind}]").evaluate("link => link.href")
            file.write_bytes(self._page.context.request.get(link).body())

    def _show_to_others(self) -> None:
        """The page that tells anybody who signed; one digit of the dosage changed is told too."""
        self._page.click("nav a[href$='/check']")
        self._see("check")
        cda = self._story.signed(self._story.cda).read_bytes()
        changed = cda.replace(b"1 x 3", b"9 x 3")
        assert changed != cda
        self._upload("changed.xml", changed)
        expect(self._page.locator("#error-summary")).to_be_focused(timeout=SLOW)
        self._see("changed")
        for kind, content in (("pdf", self._story.signed(self._story.pdf).read_bytes()), ("cda", cda)):
            self._upload(f"signed.{kind}", content)
            expect(self._page.locator(".notification.success")).to_be_visible(timeout=SLOW)
            expect(self._page.locator("main")).to_contain_text(self._story.hero.family_name)
            self._see(f"checked-{kind}")

    def _upload(self, name: str, content: bytes) -> None:
        file = FilePayload(name=name, mimeType="application/octet-stream", buffer=content)
        self._page.set_input_files("#document", file)
        self._page.click("main form button")
