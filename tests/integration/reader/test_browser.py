# SPDX-License-Identifier: EUPL-1.2
"""Chromium at the virtual reader and at a page that signs in through SCS; axe finds nothing on the way."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from playwright.sync_api import Page, expect
from tests.support.browser import LANGUAGES, PHONE, OpenPage
from tests.support.cards import CODE, PIN1, PIN2, SERIAL
from tests.support.other_scs import OtherScs
from tests.support.screens import faults

from varmentaja import relying_party
from varmentaja.reader import forms
from varmentaja.reader.control_client import ReaderControl
from varmentaja.reader.http import LocalServer, Request, Response
from varmentaja.reader.program import ReaderProgram
from varmentaja.relying_party.challenge import make_challenge

pytestmark = pytest.mark.browser

SCRIPT = Path(relying_party.__file__).parent / "assets" / "scs.js"
TEXTS = {
    state: state.replace("_", " ")
    for state in (
        "searching",
        "permission",
        "blocked",
        "no_program",
        "no_card",
        "ready",
        "asking",
        "cancelled",
        "pin_locked",
        "other",
    )
}


class SignInSite:
    """A relying party's page with scs.js, under the policy that a real page would have."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.answers: list[dict[str, object]] = []
        self.usage, self.content = "digitalSignature", b""
        self.server = LocalServer(self.app, ports=(0,))
        self.content = make_challenge(
            self.server.url, key=b"k" * 32, now=datetime.now(UTC), random=os.urandom
        ).content
        self.server.start()

    def app(self, request: Request) -> Response:
        if request.path == "/scs.js":
            return Response(200, SCRIPT.read_bytes(), "text/javascript")
        if request.method == "POST":
            form = parse_qs((request.body or b"").decode())
            self.answers.append(json.loads(form["answer"][0]))
            return Response(200, b"<h1>Signed in</h1>", "text/html")
        # The first address is nobody's: the page has to go on to the next.
        page = f"""<!DOCTYPE html><html lang="en"><title>Sign in</title>
            <form data-scs method="post" action="/"
            data-scs-addresses="http://127.0.0.1:9 {self.address}" data-scs-usage="{self.usage}"
            data-scs-content="{base64.b64encode(self.content).decode()}">
            <input type="hidden" name="answer"><p role="status" data-scs-message></p>
            <button type="submit" hidden>Sign in</button>
            <script type="application/json" data-scs-texts>{json.dumps(TEXTS)}</script></form>
            <script src="/scs.js" defer></script></html>"""
        policy = (
            "default-src 'none'; script-src 'self'; form-action 'self'; "
            f"connect-src http://127.0.0.1:9 {self.address}"
        )
        return Response(200, page.encode(), "text/html", (("Content-Security-Policy", policy),))


@pytest.fixture
def site(program: ReaderProgram) -> Iterator[SignInSite]:
    running = SignInSite(program.scs.url)
    yield running
    running.server.close()


def fine(page: Page, language: str, *, axe: bool | None = None) -> None:
    assert faults(page, "reader", language, axe=axe) == []


def fill(page: Page, **values: str) -> None:
    for name, value in values.items():
        page.locator(f"#{name}").fill(value)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_holder_activates_a_card_and_signs_in(
    program: ReaderProgram, site: SignInSite, open_page: OpenPage, language: str
) -> None:
    reader = open_page(f"{program.pages.url}/{language}/")
    fine(reader, language)
    sign_in = open_page(site.server.url)
    expect(sign_in.get_by_role("status")).to_have_text("no card", timeout=10_000)

    reader.locator("section.slot >> nth=0 >> form button").click()
    reader.wait_for_url("**/1/activate")
    fine(reader, language)
    fill(reader, code="00000000", pin1=PIN1, pin1_again=PIN1, pin2=PIN2, pin2_again=PIN2)
    reader.locator("form .button").click()
    expect(reader.locator("#error-summary")).to_be_focused()
    fine(reader, language)
    fill(reader, code=CODE, pin1=PIN1, pin1_again="1357", pin2=PIN2, pin2_again=PIN2)
    reader.locator("form .button").click()
    expect(reader.locator("#pin1_again")).to_be_focused()
    expect(reader.locator("#pin1_again-verdict")).to_contain_text("✕")
    for name, kept in (("code", CODE), ("pin1", PIN1), ("pin2", PIN2), ("pin2_again", PIN2)):
        expect(reader.locator(f"#{name}")).to_have_value(kept)
    fine(reader, language)
    fill(reader, pin1_again=PIN1)
    reader.locator("form .button").click()
    expect(reader.locator(".notification.success")).to_be_visible()
    fine(reader, language)

    expect(sign_in.get_by_role("status")).to_have_text("ready", timeout=10_000)
    sign_in.get_by_role("button").click()
    expect(reader.locator(".pad .origin")).to_have_text(site.server.url)
    fine(reader, language)
    for digit in PIN1:
        reader.locator(f"[data-digit='{digit}']").click()
    reader.locator("#pad-form .buttons .button >> nth=0").click()
    expect(sign_in.get_by_role("heading")).to_have_text("Signed in")
    assert site.answers[0]["status"] == "ok"


def test_the_page_judges_pins_while_they_are_typed_as_the_program_does(
    program: ReaderProgram, control: ReaderControl, open_page: OpenPage
) -> None:
    control.insert(SERIAL)
    page = open_page(f"{program.pages.url}/en/1/activate")
    _, pin1, again, *_ = forms.activation(program.reader.card_in("1")).fields
    pins = ["", "2", "258", "2580", "1111", "1112", "1234", "4321", "9753", "25a8", "258036925", "01234567"]
    tried = [("pin1", {"pin1": pin}) for pin in pins]
    tried += [("pin1_again", {"pin1": PIN1, "pin1_again": each}) for each in (PIN1[:2], PIN1, "99")]
    for name, values in tried:
        fill(page, **values)
        verdict = forms.judge(pin1 if name == "pin1" else again, values)
        expected = f"{'✓' if verdict[0] else '✕'} {verdict[1]}" if verdict else ""
        assert page.locator(f"#{name}-verdict").inner_text() == expected, values
    fill(page, code=CODE, pin1="258", pin1_again="258", pin2=PIN2, pin2_again=PIN2)
    page.locator("form .button").click()
    expect(page.locator("#pin1-verdict")).to_contain_text("4 to 8 digits")
    expect(page.locator("#code")).to_have_value(CODE)


def test_the_reader_tells_what_the_issuer_says_of_each_certificate_now(
    program: ReaderProgram, control: ReaderControl, open_page: OpenPage
) -> None:
    control.insert(SERIAL)
    page = open_page(f"{program.pages.url}/en/")
    expect(page.locator("[data-use=authentication]")).to_have_text("Its issuer could not be asked just now.")
    expect(page.locator("[data-use=signature]")).to_have_text("Its issuer could not be asked just now.")
    fine(page, "en", axe=True)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_holder_finds_out_what_is_wrong_and_copies_the_report(
    program: ReaderProgram, control: ReaderControl, open_page: OpenPage, language: str
) -> None:
    page = open_page(f"{program.pages.url}/{language}/", size=PHONE)
    page.locator("section.slot >> nth=0").locator("a[href$='/1/diagnosis']").click()
    told = page.locator(".notification.error")
    expect(told).to_be_visible()  # no card
    fine(page, language)
    control.insert(SERIAL)
    page.locator("main a[href$='/1/diagnosis']").click()
    expect(page.locator(".notification.warning")).to_be_visible()  # not activated yet
    expect(page.locator("dl dt")).to_have_count(10)
    fine(page, language)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("[data-copy]").click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator("#report").input_value()
    assert "Varmentaja virtual reader" in copied and "Äijälä" not in copied and SERIAL not in copied


def test_a_cancelled_pin_is_told_on_the_page_that_asked(
    program: ReaderProgram, control: ReaderControl, site: SignInSite, open_page: OpenPage
) -> None:
    control.insert(SERIAL)
    control.activate(CODE, PIN1, PIN2)
    sign_in = open_page(site.server.url)
    sign_in.get_by_role("button").click()
    expect(sign_in.get_by_role("status")).to_have_text("asking")
    control.cancel(control.wait_for_question()["number"])
    expect(sign_in.get_by_role("status")).to_have_text("cancelled")
    expect(sign_in.get_by_role("button")).to_be_enabled()


def test_of_two_programs_the_one_with_a_card_is_asked(
    program: ReaderProgram, control: ReaderControl, site: SignInSite, open_page: OpenPage
) -> None:
    """As where the virtual reader runs beside the windowed program."""
    other = OtherScs("1.2", lambda _usage, _content: (b"", []))
    other.has_card = False
    site.address = f"{other.url} {program.scs.url}"
    page = open_page(site.server.url)
    expect(page.get_by_role("status")).to_have_text("no card", timeout=10_000)
    control.insert(SERIAL)
    control.activate(CODE, PIN1, PIN2)
    expect(page.get_by_role("status")).to_have_text("ready", timeout=10_000)
    page.get_by_role("button").click()
    control.answer(control.wait_for_question()["number"], PIN1)
    expect(page.get_by_role("heading")).to_have_text("Signed in")
    assert other.requests == []
    other.close()


def test_a_program_that_is_not_there_is_told(
    program: ReaderProgram, site: SignInSite, open_page: OpenPage
) -> None:
    site.address = "http://127.0.0.1:10"
    page = open_page(site.server.url)
    expect(page.get_by_role("status")).to_have_text("no program", timeout=10_000)
    expect(page.get_by_role("button")).to_be_hidden()


def test_the_reader_works_without_javascript(program: ReaderProgram, open_page: OpenPage) -> None:
    reader = open_page(f"{program.pages.url}/en/", javascript=False)
    reader.locator("section.slot >> nth=0 >> form button").click()
    assert reader.url.endswith("/1/activate")
