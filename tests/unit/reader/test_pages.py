# SPDX-License-Identifier: EUPL-1.2
"""The virtual reader's pages as a person uses them, and as a hostile page would like to."""

import json
import re
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlencode

import pytest
from tests.support.reader_fakes import CODE, PIN1, MemoryCard, MemoryHost, TinyHierarchy

from varmentaja.card.driver import KeyRole, PinRole
from varmentaja.domain.errors import message
from varmentaja.reader.cards import InsertedCard
from varmentaja.reader.events import Events
from varmentaja.reader.http import Request, Response
from varmentaja.reader.pad import Pad
from varmentaja.reader.pages import COOKIE, Pages
from varmentaja.reader.prompts import KeyChoice, PinAnswer, PinRequest
from varmentaja.reader.service_link import ServiceLink
from varmentaja.reader.virtual_reader import VirtualReader

PORT = 8002
OWN = f"http://127.0.0.1:{PORT}"


class Browser:
    """Remembers the cookie and the tokens of the last page, like a browser with one tab."""

    def __init__(self, pages: Pages) -> None:
        self.pages = pages
        self.cookie = ""
        self.tokens: list[str] = []

    def get(self, path: str, **headers: str) -> Response:
        return self._seen(
            self.pages.handle(Request("GET", *path.partition("?")[::2], self._headers(headers)))
        )

    def post(self, path: str, token: str | None = None, **values: str) -> Response:
        form = {"token": self.tokens[0] if token is None else token} | values
        return self.send(path, form, {"origin": OWN})

    def send(self, path: str, form: dict[str, str], headers: dict[str, str]) -> Response:
        body = urlencode(form).encode()
        return self._seen(
            self.pages.handle(Request("POST", path, "", self._headers(headers), body, port=PORT))
        )

    def _headers(self, headers: dict[str, str]) -> dict[str, str]:
        return headers | ({"cookie": self.cookie} if self.cookie else {})

    def _seen(self, response: Response) -> Response:
        for name, value in response.headers:
            if name == "Set-Cookie":
                self.cookie = value.split(";")[0]
        found = re.findall(r'name="token" value="([^"]+)"', response.body.decode("utf-8", "replace"))
        self.tokens = found or self.tokens
        return response


@pytest.fixture
def host(hierarchy: TinyHierarchy) -> MemoryHost:
    return MemoryHost(
        {"ready": MemoryCard(hierarchy), "fresh": MemoryCard(hierarchy, activated=False)}, slots=1
    )


@pytest.fixture
def pad() -> Pad:
    return Pad(Events(), patience=10)


@pytest.fixture
def reader(host: MemoryHost) -> VirtualReader:
    return VirtualReader(host, host.listeners, host.open_card, Events())


@pytest.fixture
def browser(reader: VirtualReader, pad: Pad) -> Iterator[Browser]:
    browser = Browser(Pages(reader, pad, Events(), ServiceLink()))
    browser.get("/en/")
    yield browser


def text(response: Response) -> str:
    return response.body.decode()


def location(response: Response) -> str:
    assert response.status == 303
    return dict(response.headers)["Location"]


def test_the_root_leads_to_the_browsers_language(browser: Browser) -> None:
    assert location(browser.get("/", **{"accept-language": "de, sv;q=0.9"})) == "/sv/"
    assert location(browser.get("/")) == "/fi/"


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_every_page_names_its_language_and_leads_to_the_others(browser: Browser, language: str) -> None:
    page = text(browser.get(f"/{language}/"))
    assert f'<html lang="{language}">' in page
    for other in {"fi", "sv", "en"} - {language}:
        assert f'href="/{other}/" lang="{other}"' in page


def test_pages_cannot_be_framed_and_run_no_inline_code(browser: Browser) -> None:
    response = browser.get("/en/")
    policy = dict(response.headers)["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    page = text(response)
    assert not re.search(r"<script(?![^>]*src=)", page)
    assert " style=" not in page
    assert not re.search(r"\son\w+=", page)
    assert not any(name.startswith("Access-Control") for name, _ in response.headers)
    assert f"{COOKIE}=" in dict(response.headers)["Set-Cookie"]


def test_a_card_is_inserted_shown_and_pulled(browser: Browser, reader: VirtualReader) -> None:
    assert location(browser.post("/en/insert", slot="1", card="ready")) == "/en/"
    page = text(browser.get("/en/"))
    assert "Aino Virtanen" in page
    assert "Valid until 31 October 2031" in page
    assert "5 tries left." in page
    assert location(browser.post("/en/pull", slot="1")) == "/en/"
    assert reader.cards() == ()


def test_the_picture_of_a_card_is_shown_where_its_maker_drew_one(
    browser: Browser, host: MemoryHost, tmp_path: Path
) -> None:
    host.picture = tmp_path / "face.svg"
    host.picture.write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    browser.post("/en/insert", slot="1", card="ready")
    assert 'src="/en/1/picture"' in text(browser.get("/en/"))
    picture = browser.get("/en/1/picture")
    assert (picture.content_type, picture.body[:4]) == ("image/svg+xml", b"<svg")
    browser.get("/en/")
    browser.post("/en/pull", slot="1")
    assert browser.get("/en/1/picture").status == 404


def test_a_second_card_does_not_fit_and_the_page_says_so(browser: Browser) -> None:
    browser.post("/en/insert", slot="1", card="ready")
    browser.get("/en/")
    response = browser.post("/en/insert", slot="1", card="fresh")
    assert response.status == 409
    assert "There is a card in the reader already." in text(response)


def test_a_fresh_card_leads_to_activation_and_errors_cost_no_try(browser: Browser, host: MemoryHost) -> None:
    assert location(browser.post("/en/insert", slot="1", card="fresh")) == "/en/1/activate"
    assert "4–8 digits" in text(browser.get("/en/1/activate"))
    typed = {"code": CODE, "pin1": "2580", "pin1_again": "2581", "pin2": "258036", "pin2_again": "258036"}
    response = browser.post("/en/1/activate", **typed)
    assert response.status == 422
    assert 'href="#pin1_again">The two entries are not the same.' in text(response)
    assert "<title>Error: Activate the card" in text(response)
    assert "258036" not in text(response)
    assert host.by_serial["fresh"].code_tries == 5
    response = browser.post("/en/1/activate", **(typed | {"pin1_again": "2580", "code": "00000000"}))
    assert 'href="#code">The activation code was wrong. 4 tries left.' in text(response)
    assert location(browser.post("/en/1/activate", **(typed | {"pin1_again": "2580"}))) == "/en/?activate"
    assert "The card is activated." in text(browser.get("/en/?activate"))
    assert host.by_serial["fresh"].pins == {PinRole.AUTHENTICATION: "2580", PinRole.SIGNATURE: "258036"}


def test_a_pin_is_changed_and_a_wrong_one_shows_the_tries(browser: Browser, host: MemoryHost) -> None:
    browser.post("/en/insert", slot="1", card="ready")
    browser.get("/en/1/change/pin1")
    response = browser.post("/en/1/change/pin1", old="1357", new="8642", new_again="8642")
    assert 'href="#old">PIN 1 was wrong. 4 tries left.' in text(response)
    browser.post("/en/1/change/pin1", old=PIN1, new="8642", new_again="8642")
    assert host.by_serial["ready"].pins[PinRole.AUTHENTICATION] == "8642"


def test_a_locked_pin_is_set_again_with_the_code(browser: Browser, host: MemoryHost) -> None:
    host.by_serial["ready"].tries[PinRole.SIGNATURE] = 0
    browser.post("/en/insert", slot="1", card="ready")
    assert "Locked" in text(browser.get("/en/"))
    browser.get("/en/1/unlock/pin2")
    browser.post("/en/1/unlock/pin2", code=CODE, new="864209", new_again="864209")
    assert host.by_serial["ready"].tries[PinRole.SIGNATURE] == 5


def test_a_locked_code_is_told_and_no_form_that_needs_it_is_offered(
    browser: Browser, host: MemoryHost
) -> None:
    for card in ("fresh", "ready"):
        host.by_serial[card].code_tries = 0
    host.by_serial["ready"].tries[PinRole.SIGNATURE] = 0
    assert location(browser.post("/en/insert", slot="1", card="fresh")) == "/en/"
    page = text(browser.get("/en/"))
    assert "The activation code is locked. You need a new card" in page and "/activate" not in page
    assert browser.get("/en/1/activate").status == 409
    browser.post("/en/pull", slot="1")
    browser.get("/en/")
    browser.post("/en/insert", slot="1", card="ready")
    page = text(browser.get("/en/"))
    assert "The PIN can&#39;t be used or set any more" in page and "/1/unlock/" not in page
    assert "Set a new one with your activation code" not in page
    assert browser.get("/en/1/unlock/pin2").status == 409


def test_a_card_pulled_while_a_form_is_open_is_told(browser: Browser, reader: VirtualReader) -> None:
    browser.post("/en/insert", slot="1", card="ready")
    browser.get("/en/1/change/pin1")
    reader.pull("1")
    response = browser.post("/en/1/change/pin1", old=PIN1, new="8642", new_again="8642")
    assert response.status == 503
    assert "The card was removed from the reader." in text(response)


def test_a_card_host_that_is_down_is_told_on_the_page(browser: Browser, host: MemoryHost) -> None:
    host.fails = True
    assert "does not answer" in text(browser.get("/en/"))


def ask(
    pad: Pad, *roles: KeyRole, until: datetime = datetime(2031, 1, 1, tzinfo=UTC)
) -> tuple[threading.Thread, list[PinAnswer | None]]:
    """Put a question on the pad from another thread, as a signing program does."""
    answers: list[PinAnswer | None] = []
    choices = tuple(
        KeyChoice("1", "566778899", role, "Aino Virtanen", "", "TEST CA", until, 5) for role in roles
    )
    request = PinRequest("https://portal.example", choices)
    thread = threading.Thread(target=lambda: answers.append(pad.ask(request, given_up=lambda: False)))
    thread.start()
    while pad.pending is None:
        time.sleep(0.01)
    return thread, answers


def test_a_pin_is_checked_on_the_page(browser: Browser) -> None:
    browser.get("/en/")
    browser.post("/en/insert", slot="1", card="ready")
    assert "/en/1/verify/pin1" in text(browser.get("/en/"))
    assert "5 tries left." in text(browser.get("/en/1/verify/pin1"))
    assert "PIN 1 was wrong. 4 tries left." in text(browser.post("/en/1/verify/pin1", old="9999"))
    done = browser.post("/en/1/verify/pin1", old=PIN1)
    assert "The PIN is right." in text(browser.get(dict(done.headers)["Location"]))


def test_the_pad_shows_who_asks_and_takes_the_pin(browser: Browser, pad: Pad) -> None:
    thread, answers = ask(pad, KeyRole.AUTHENTICATION)
    page = text(browser.get("/en/"))
    assert "<title>A PIN is asked" in page
    assert "https://portal.example" in page
    assert "Give PIN 1 to sign in" in page
    assert pad.pending is not None
    browser.post("/en/pin", number=pad.pending.number, pin=PIN1)
    thread.join()
    assert answers == [PinAnswer(0, PIN1)]


@pytest.mark.parametrize(("days", "warned"), [(60, False), (20, True)])
def test_the_pad_tells_that_the_certificate_ends_soon(
    browser: Browser, pad: Pad, days: int, warned: bool
) -> None:
    thread, _ = ask(pad, KeyRole.AUTHENTICATION, until=datetime.now(UTC) + timedelta(days=days))
    assert pad.pending is not None
    assert ("end soon" in text(browser.get("/en/"))) is warned
    pad.cancel(pad.pending.number)
    thread.join()


def test_the_pad_lets_the_person_choose_and_cancel(browser: Browser, pad: Pad) -> None:
    thread, answers = ask(pad, KeyRole.AUTHENTICATION, KeyRole.SIGNATURE)
    assert "Which certificate?" in text(browser.get("/en/"))
    assert pad.pending is not None
    assert browser.post("/en/pin", number=pad.pending.number, pin=PIN1, choice="7").status == 409
    assert browser.post("/en/cancel", number=pad.pending.number).status == 303
    thread.join()
    assert answers == [None]


def test_an_answer_that_comes_too_late_is_told(browser: Browser) -> None:
    response = browser.post("/en/pin", number="gone", pin=PIN1)
    assert response.status == 409
    assert "Nobody asks for this PIN any more." in text(response)


def test_a_form_works_once(browser: Browser) -> None:
    token = browser.tokens[0]
    browser.post("/en/insert", token, slot="1", card="ready")
    response = browser.post("/en/pull", token, slot="1")
    assert response.status == 403
    assert "This page was out of date." in text(response)


@pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1:8000", "null", ""])
def test_a_form_of_another_origin_does_nothing(browser: Browser, reader: VirtualReader, origin: str) -> None:
    form = {"token": browser.tokens[0], "slot": "1", "card": "ready"}
    assert browser.send("/en/insert", form, {"origin": origin}).status == 403
    assert browser.send("/en/insert", form, {}).status == 403
    assert reader.cards() == ()


def test_a_token_of_another_session_does_nothing(browser: Browser, reader: VirtualReader) -> None:
    browser.cookie = ""
    assert browser.post("/en/insert", slot="1", card="ready").status == 403
    assert reader.cards() == ()


@pytest.mark.parametrize(
    "path", ["/en/9/activate", "/en/1/change/pin3", "/en/x", "/en/1/activate", "/xx/", "/en/1/change"]
)
def test_pages_that_do_not_exist_are_no_fault(browser: Browser, path: str) -> None:
    assert browser.get(path).status in (404, 503)


def test_assets_come_from_their_folders_only(browser: Browser) -> None:
    assert browser.get("/assets/reader/reader.css").status == 200
    assert browser.get("/assets/ui/base.css").status == 200
    assert browser.get("/assets/reader/../pages.py").status == 404
    assert browser.get("/assets/reader/%2e%2e/pages.py").status == 404


def test_waiting_pages_learn_of_a_question(browser: Browser, pad: Pad) -> None:
    thread, _ = ask(pad, KeyRole.SIGNATURE)
    assert pad.pending is not None
    assert pad.pending.number in text(browser.get("/events?after=x"))
    pad.cancel(pad.pending.number)
    thread.join()


def test_a_card_that_the_program_may_not_work_for_says_why_and_offers_no_pins(host: MemoryHost) -> None:
    reader = VirtualReader(
        host, host.listeners, host.open_card, Events(), refuse=lambda card: message("Not for this card.")
    )
    browser = Browser(Pages(reader, Pad(Events()), Events(), ServiceLink()))
    browser.get("/en/")
    assert location(browser.post("/en/insert", slot="1", card="fresh")) == "/en/"
    page = text(browser.get("/en/"))
    assert "Not for this card." in page and "/1/activate" not in page and "/1/change" not in page
    browser.get("/en/1/activate")
    pins = {"code": CODE, "pin1": PIN1, "pin1_again": PIN1, "pin2": "258036", "pin2_again": "258036"}
    assert browser.post("/en/1/activate", **pins).status == 403
    assert not host.by_serial["fresh"].pins


def test_the_status_of_certificates_is_asked_once_the_page_is_there(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def standings(card: InsertedCard, *_: object, **__: object) -> dict[str, str]:
        asked.append(card.slot)
        return {"authentication": "good", "signature": "revoked"}

    monkeypatch.setattr("varmentaja.reader.pages.standings", standings)
    browser.post("/en/insert", slot="1", card="ready")
    assert 'data-statuses="/en/1/statuses"' in text(browser.get("/en/"))
    assert asked == []
    told = json.loads(text(browser.get("/en/1/statuses")))
    assert told["authentication"] == {"kind": "good", "words": "Valid: its issuer says so just now."}
    assert told["signature"]["kind"] == "bad"
    assert asked == ["1"]


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_what_is_wrong_with_a_card_is_told_with_a_report_to_copy(browser: Browser, language: str) -> None:
    browser.post("/en/insert", slot="1", card="ready")
    assert f'href="/{language}/1/diagnosis"' in text(browser.get(f"/{language}/"))
    page = text(browser.get(f"/{language}/1/diagnosis"))
    report = page.split("<textarea", 1)[1].split("</textarea>")[0]
    assert page.count("<dt>") == 10
    assert "Virtanen" not in page and "566778899" not in report
