# SPDX-License-Identifier: EUPL-1.2
"""Websites that mean harm, in Chromium: what they get from the program; nobody is asked for a PIN."""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page
from tests.integration.reader.test_browser import SignInSite
from tests.integration.reader.test_local_network import another
from tests.support.browser import OpenPage
from tests.support.cards import CODE, PIN1, PIN2, SERIAL

from varmentaja.reader.control_client import ReaderControl
from varmentaja.reader.http import LocalServer, Request, Response
from varmentaja.reader.program import ReaderProgram
from varmentaja.relying_party.challenge import make_challenge

pytestmark = pytest.mark.browser

ASK = """async ([address, request, mode]) => {
  const answer = await fetch(`${address}/sign`, {
    method: 'POST', mode, body: JSON.stringify(request), referrerPolicy: 'no-referrer',
    headers: { 'Content-Type': mode === 'cors' ? 'application/json' : 'text/plain' },
  });
  return mode === 'cors' ? await answer.json() : answer.type;
}"""


@pytest.fixture
def hostile() -> Iterator[LocalServer]:
    """A website of its own, with a frame that has no origin."""

    def app(request: Request) -> Response:
        sandbox = (("Content-Security-Policy", "sandbox allow-scripts"),) if request.path == "/frame" else ()
        return Response(200, b"<!DOCTYPE html><title>Win a prize</title>", "text/html", sandbox)

    server = LocalServer(app, ports=(0,))
    server.start()
    yield server
    server.close()


@pytest.fixture
def inserted(control: ReaderControl) -> ReaderControl:
    control.insert(SERIAL)
    control.activate(CODE, PIN1, PIN2)
    return control


def wanted(origin: str, usage: str = "digitalSignature") -> dict[str, Any]:
    """A request for a signature over a challenge of the portal at ``origin``."""
    content = make_challenge(origin, key=b"k" * 32, now=datetime.now(UTC), random=os.urandom).content
    encoded = base64.b64encode(content).decode()
    return {"version": "1.2", "content": encoded, "selector": {"keyusages": [usage]}}


def nobody_is_asked(control: ReaderControl) -> bool:
    return control.state()["asked"] is None


def test_a_hostile_page_cannot_pass_on_the_challenge_of_another(
    inserted: ReaderControl, program: ReaderProgram, hostile: LocalServer, open_page: OpenPage
) -> None:
    page = open_page(hostile.url)
    for version in ("1.0.1", "1.1", "1.2", "1.3"):
        request = wanted("https://portal.example") | {"version": version}
        answer = page.evaluate(ASK, [program.scs.url, request, "cors"])
        assert (answer["reasonCode"], answer["problem"]) == (403, "wrong_origin")
        assert page.evaluate(ASK, [program.scs.url, request, "no-cors"]) == "opaque"
    assert nobody_is_asked(inserted)


def test_a_hostile_page_has_no_document_signed_with_pin_1(
    inserted: ReaderControl, program: ReaderProgram, hostile: LocalServer, open_page: OpenPage
) -> None:
    page = open_page(hostile.url)
    digest = {"contentType": "digest", "content": base64.b64encode(bytes(32)).decode()}
    for more in (digest, {"signatureType": "cms"}, {"signatureType": "cms-pades"}):
        answer = page.evaluate(ASK, [program.scs.url, wanted(hostile.url) | more, "cors"])
        assert (answer["reasonCode"], answer["problem"]) == (403, "wrong_origin")
    assert nobody_is_asked(inserted)


def test_a_page_that_hides_its_address_gets_no_signature_at_all(
    inserted: ReaderControl, program: ReaderProgram, hostile: LocalServer, open_page: OpenPage
) -> None:
    page = open_page(f"{hostile.url}/frame")
    for usage in ("digitalSignature", "nonRepudiation"):
        answer = page.evaluate(ASK, [program.scs.url, wanted("null", usage), "cors"])
        assert (answer["reasonCode"], answer["problem"]) == (403, "wrong_origin")
    assert nobody_is_asked(inserted)


def test_a_name_pointed_at_this_computer_reads_nothing(
    inserted: ReaderControl, program: ReaderProgram, browser: Browser
) -> None:
    """DNS rebinding: to the browser the program is then a part of the hostile website."""
    port = urlsplit(program.scs.url).port
    rule = "--host-resolver-rules=MAP rebound.example 127.0.0.1"
    with another(browser.browser_type, rule) as rebound:
        page = rebound.new_page()
        shown = page.goto(f"http://rebound.example:{port}/version")
        assert shown is not None and shown.status == 421
        ask = "fetch('/sign', {method: 'POST', body: '{}'}).then((answer) => answer.status)"
        assert page.evaluate(ask) == 421
    assert nobody_is_asked(inserted)


def close(page: Page) -> None:
    page.close()


def leave(page: Page) -> None:
    page.goto("about:blank")


@pytest.mark.parametrize("go", [close, leave])
def test_a_page_that_goes_away_takes_its_question_along(
    inserted: ReaderControl, program: ReaderProgram, open_page: OpenPage, go: Callable[[Page], None]
) -> None:
    site = SignInSite(program.scs.url)
    page = open_page(site.server.url)
    page.get_by_role("button").click(timeout=30_000)
    number = inserted.wait_for_question()["number"]
    go(page)
    deadline = time.monotonic() + 20
    while not nobody_is_asked(inserted) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert nobody_is_asked(inserted), number
    site.server.close()
    assert site.answers == []
