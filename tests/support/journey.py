# SPDX-License-Identifier: EUPL-1.2
"""The story of a card in a browser: applied for, made, activated, used and lost, by those who take part.

``Journey(browser, place, "fi", look).walk()`` goes from page to page as people do, by links, fields and keys;
``look(page, name)`` is called on every page. Nothing is read but what pages and letters show.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta

from playwright.sync_api import Browser, BrowserContext, Page, expect
from pypdf import PdfReader
from tests.support.browser import DESKTOP

from varmentaja.adapters.sandbox.cast import Member, load_cast
from varmentaja.reader.control_client import ReaderControl
from varmentaja.tour.card.application import photograph
from varmentaja.tour.card.people import name_of, person_of
from varmentaja.tour.card.story import PIN1, PIN2
from varmentaja.tour.place import Place

Look = Callable[[Page, str], None]

APPLICANTS = {"fi": "physician", "sv": "non_disclosure", "en": "english_speaker"}
"""Language to the member of the cast whose card it is."""
DAYS = {"fi": 10, "sv": 30, "en": 10}
"""How far business time is moved on: the code letter has come by then. In one language a whole month
(decision 1): card, browser and status services go by real time."""
SLOW = 60_000
"""Milliseconds for what other programs do meanwhile: a card is made, a letter is posted."""
_CODE = re.compile(r"^\s*(\d{3,4}(?: \d{4})+)\s*$", re.MULTILINE)
_TITLES = {"fi": "Osaston ohjeet", "sv": "Avdelningens regler", "en": "Rules of the ward"}
_TEXTS = {
    "fi": "Olen lukenut osaston ohjeet.\n",
    "sv": "Jag har läst avdelningens regler.\n",
    "en": "I have read the rules of the ward.\n",
}


class Journey:
    """One walk through the story in one language, on a demo that runs."""

    def __init__(self, browser: Browser, place: Place, language: str, look: Look) -> None:
        self.language = language
        self.look = look
        self._browser = browser
        self._place = place
        self._reader = ReaderControl.running(place.run)
        self._cast = load_cast()
        self._member = self._cast.member(APPLICANTS[language])
        self._code = ""

    def walk(self) -> None:
        """From the front page to the officer's form."""
        with self._person() as page:
            self.open_pages(page)
        with self._person() as page:
            self.apply(page)
        with self._person() as page:
            self.wait_for_letters(page)
        with self._person() as page:
            self.activate(page)
        with self._person() as page:
            self.use_card(page)
            self.lose_card(page)
        with self._person() as page:
            self.work_in_office(page)

    def open_pages(self, page: Page) -> None:
        """What anybody may read."""
        self._open(page, "", "front")
        self._open(page, "reader/", "reader-program")
        self._open(page, "status-services/", "status-services")

    def apply(self, page: Page) -> None:
        """The registrar signs in, fills an application for the person at the desk, and signs out."""
        self._open(page, "registration/", "sign-in")
        self._sign_in_by_page(page, self._cast.member("registrar"))
        self.look(page, "desk")
        page.fill("[name=identity_code]", str(self._member.identity_code))
        page.keyboard.press("Enter")
        self._step(page, "person")
        self._continue(page)
        self._step(page, "document")
        self._show_document(page)
        self._step(page, "photo")
        self._give_photograph(page)
        self._step(page, "delivery")
        to = "point" if self.language == "sv" else "home"
        page.check("[name=card_to][value=point]")
        page.check(f"[name=letter_to][value={to}]")
        self._continue(page)
        self._step(page, "terms")
        page.check("[name=accept]")
        self._continue(page)
        self._step(page, "check")
        self._continue(page)
        page.wait_for_url(re.compile(r"/registration/\d+/$"))
        self.look(page, "decision")
        self._read_receipt(page)
        page.click(".signed-in button")
        page.wait_for_url("**/signed-out/")
        self.look(page, "signed-out")

    def wait_for_letters(self, page: Page) -> None:
        """In the sandbox: the card comes, days pass, the code letter comes and is read."""
        self._open(page, "sandbox/", "sandbox")
        self._open(page, "sandbox/letters/")
        box = page.get_by_role("link", name=name_of(person_of(self._member.identity_code)))
        self._reload_until(page, lambda: box.count() > 0)
        self.look(page, "letter-boxes")
        self._open(page, "sandbox/move-on/", "move-on")
        page.fill("[name=days]", str(DAYS[self.language]))
        self._continue(page)
        expect(page.locator(".notification.success")).to_be_visible()
        self.look(page, "moved-on")
        self._open(page, "sandbox/letters/")
        box.click()
        letters = page.locator("main a[href$='letter.pdf']")
        self._reload_until(page, lambda: letters.count() > 1)
        self.look(page, "letter-box")
        papers = [self._paper(page, link.get_attribute("href") or "") for link in letters.all()]
        codes = [found[1] for paper in papers if (found := _CODE.search(paper))]
        assert len(codes) == 1, papers
        self._code = codes[0].replace(" ", "")

    def activate(self, page: Page) -> None:
        """The holder sets both PINs on the reader's page, by keyboard alone, and has the card checked."""
        page.goto(self._reader_pages)
        self.look(page, "reader")
        page.select_option("#card-1", self._serial(self._member))
        page.press("#card-1", "Tab")
        page.keyboard.press("Enter")
        page.wait_for_url("**/1/activate")
        self.look(page, "activate")
        page.focus("#code")
        for digits in (self._code, PIN1, PIN1, PIN2, PIN2):
            page.keyboard.type(digits)
            page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        page.wait_for_url("**/?activate")
        self.look(page, "activated")
        page.locator("main a[href$='/1/diagnosis']").click()
        expect(page.locator(".notification.success")).to_be_visible()
        self.look(page, "diagnosis")
        self._reader.pull()

    def use_card(self, page: Page) -> None:
        """The holder signs in, reads the card's way and signs a document."""
        self._open(page, "my-card/")
        with self._inserted(self._member):
            self._look_at_dates()
            self._ask_card(page, PIN1)
            page.wait_for_url("**/my-card/")
            self.look(page, "my-card")
            self._open(page, "my-card/documents/new/", "new-document")
            page.fill("[name=title]", _TITLES[self.language])
            page.fill("[name=text]", _TEXTS[self.language])
            self._continue(page)
            page.wait_for_selector("[data-scs]")
            self.look(page, "sign-document")
            self._ask_card(page, PIN2)
            page.wait_for_url(re.compile(r"/documents/\d+/$"))
        expect(page.locator(".notification.success")).to_be_visible()
        self.look(page, "document")
        self._open(page, "my-card/documents/", "documents")

    def _look_at_dates(self) -> None:
        """The certificates began today, however far business time is ahead."""
        (slot, *_) = self._reader.state()["slots"]
        begun = {datetime.fromisoformat(each["valid_from"]) for each in slot["contents"]["certificates"]}
        assert all(abs(datetime.now(UTC) - moment) < timedelta(hours=1) for moment in begun), begun

    def lose_card(self, page: Page) -> None:
        """The holder reports the card lost; the session ends with it."""
        self._open(page, "my-card/")
        page.click("main a[href$='/end/']")
        page.check("[name=ground][value=lost]")
        self.look(page, "end-card")
        self._continue(page)
        page.wait_for_url("**/ended/")
        self.look(page, "ended")
        page.goto(f"{self._address}my-card/")
        assert "/sign-in/" in page.url, page.url

    def work_in_office(self, page: Page) -> None:
        """The officer reads what has happened, and prepares the end of another card for a caller."""
        self._open(page, "office/")
        officer = self._cast.member("officer")
        with self._inserted(officer):
            self._ask_card(page, self._pins(officer)[0])
            page.wait_for_url("**/office/")
        self.look(page, "office")
        self._find(page, self._member)
        self.look(page, "person")
        page.click("main a[href$='/history/']")
        self.look(page, "history")
        page.go_back()
        page.click("main a[href*='/office/cards/']")
        self.look(page, "card")
        self._find(page, self._cast.member("second_registrar"))
        page.click("main a[href*='/office/cards/']")
        page.click("main a[href$='/revoke/']")
        self.look(page, "revoke")
        page.locator("[name=ground]").first.check()
        page.locator("[name=caller]").first.check()
        self._continue(page)
        expect(page.locator("[name=confirmed]")).to_be_visible()
        self.look(page, "revoke-check")
        for name in ("refusals", "applications", "orders", "letters", "holds", "outages"):
            self._open(page, f"office/{name}/", f"office-{name}")
        self._find(page, self._member)
        page.click("main a[href$='/roles/']")
        self.look(page, "roles")

    @property
    def _address(self) -> str:
        return f"{self._place.portal}/{self.language}/"

    @property
    def _reader_pages(self) -> str:
        services = {each["name"]: each["address"] for each in self._place.status["services"]}
        return f"{services['reader'].rstrip('/')}/{self.language}/"

    @contextmanager
    def _person(self) -> Iterator[Page]:
        """Somebody's browser with a page open; its cookies go with it."""
        context: BrowserContext = self._browser.new_context(
            viewport={"width": DESKTOP[0], "height": DESKTOP[1]}, locale=self.language
        )
        faults: list[str] = []
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda line: faults.append(line.text) if "Content Security" in line.text else None)
        try:
            yield page
        finally:
            context.close()
        assert faults == []

    def _open(self, page: Page, path: str, name: str = "") -> None:
        page.goto(f"{self._address}{path}")
        if name:
            self.look(page, name)

    def _continue(self, page: Page) -> None:
        """The main form's first button."""
        page.locator("main form .buttons button").first.click()

    def _step(self, page: Page, name: str) -> None:
        page.wait_for_url(f"**/{name}/")
        self.look(page, f"application-{name}")

    def _show_document(self, page: Page) -> None:
        page.check("[name=kind][value=finnish_passport]")
        page.fill("[name=number]", "XP0000000")
        day = date.today() + timedelta(days=700)  # noqa: DTZ011 (a day that is printed on a passport)
        for part, value in enumerate((day.day, day.month, day.year)):
            page.fill(f"[name=valid_until_{part}]", str(value))
        self._continue(page)

    def _give_photograph(self, page: Page) -> None:
        """With one in two of the languages: both ways are walked."""
        if self.language == "sv":
            page.check("[name=with_photo][value=no]")
            return self._continue(page)
        page.check("[name=with_photo][value=yes]")
        page.set_input_files(
            "[name=photo]", {"name": "photo.jpg", "mimeType": "image/jpeg", "buffer": photograph()}
        )
        self._continue(page)
        page.wait_for_selector(".photo-preview")
        self.look(page, "application-photo-seen")
        return self._continue(page)

    def _read_receipt(self, page: Page) -> None:
        link = page.locator("main a[href$='receipt.pdf']").get_attribute("href") or ""
        assert name_of(person_of(self._member.identity_code)) in self._paper(page, link)

    def _paper(self, page: Page, href: str) -> str:
        """The text of a PDF file that the page links to."""
        answer = page.context.request.get(f"{self._place.portal}{href}")
        assert answer.ok, f"{href}: HTTP {answer.status}"
        return "\n".join(sheet.extract_text() for sheet in PdfReader(io.BytesIO(answer.body())).pages)

    def _reload_until(self, page: Page, seen: Callable[[], bool]) -> None:
        for _ in range(SLOW // 500):
            if seen():
                return
            page.wait_for_timeout(500)
            page.reload()
        raise AssertionError(f"{page.url}: waited in vain:\n{page.inner_text('main')}")

    def _find(self, page: Page, member: Member) -> None:
        page.goto(f"{self._address}office/")
        page.fill("[name=text]", str(member.identity_code))
        page.keyboard.press("Enter")
        page.wait_for_url("**/people/*/")

    def _pins(self, member: Member) -> tuple[str, str]:
        person = next(each for each in self._place.status["people"] if each["role"] == member.role)
        return person.get("pin1", PIN1), person.get("pin2", PIN2)

    def _serial(self, member: Member) -> str:
        cards = [
            card["card"]
            for card in self._reader.state()["cards"]
            if card["holder"].startswith(f"{member.family_name} ")
        ]
        assert len(cards) == 1, cards
        return str(cards[0])

    @contextmanager
    def _inserted(self, member: Member) -> Iterator[None]:
        self._reader.insert(self._serial(member))
        try:
            yield
        finally:
            self._reader.pull()

    def _ask_card(self, page: Page, pin: str) -> None:
        """Press the page's button when it appears, and type the PIN that is asked for."""
        page.locator("[data-scs] button[type=submit]").click(timeout=SLOW)
        self._reader.answer(self._reader.wait_for_question()["number"], pin)

    def _sign_in_by_page(self, page: Page, member: Member) -> None:
        """Card and PIN by the virtual reader's own page in a second tab."""
        button = page.locator("[data-scs] button[type=submit]")
        expect(page.locator("[data-scs][data-scs-state=no_card]")).to_be_visible()
        expect(button).to_be_hidden()
        reader = page.context.new_page()
        reader.goto(self._reader_pages)
        reader.select_option("#card-1", self._serial(member))
        reader.locator("form[action$='/insert'] button").first.click()
        reader.wait_for_selector("form[action$='/pull']")
        self.look(reader, "reader-with-card")
        page.bring_to_front()
        button.click(timeout=SLOW)
        reader.wait_for_selector("#pad-form")
        self.look(reader, "pin-pad")
        reader.fill("#pin", self._pins(member)[0])
        reader.keyboard.press("Enter")
        page.wait_for_url("**/registration/")
        reader.wait_for_selector("#pad-form", state="detached")
        reader.locator("form[action$='/pull'] button").first.click()
        reader.wait_for_selector("#card-1")
        reader.close()
