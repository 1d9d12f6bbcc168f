# SPDX-License-Identifier: EUPL-1.2
"""Chromium's local network access, and its trust in the program's HTTPS address.

A page that ``--ip-address-space-overrides`` makes public needs the person's leave to speak with 127.0.0.1. A
browser that knows nothing of the local authority refuses HTTPS; one whose NSS database trusts it does not.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.sync_api import Browser, BrowserType, Page, expect
from tests.integration.reader.test_browser import SignInSite, fine
from tests.support.browser import ARGUMENTS, CHROMIUM
from tests.support.cards import CODE, PIN1, PIN2, SERIAL

from varmentaja.reader.control_client import ReaderControl
from varmentaja.reader.program import ReaderProgram

pytestmark = pytest.mark.browser

WAIT = 30_000


@pytest.fixture
def chromium(browser: Browser) -> BrowserType:
    """To launch more of the same with other arguments."""
    return browser.browser_type


@contextmanager
def another(chromium: BrowserType, *arguments: str, home: Path | None = None) -> Iterator[Browser]:
    environment = {**os.environ, **({"HOME": str(home)} if home else {})}
    launched = chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, *arguments], env={**environment})
    yield launched
    launched.close()


def public(address: str) -> str:
    return f"--ip-address-space-overrides=127.0.0.1:{urlsplit(address).port}=public"


def ready_card(control: ReaderControl) -> None:
    control.insert(SERIAL)
    control.activate(CODE, PIN1, PIN2)


def sign_in(page: Page, control: ReaderControl) -> None:
    """Press the button and type the PIN."""
    page.get_by_role("button").click(timeout=WAIT)
    control.answer(control.wait_for_question()["number"], PIN1)
    expect(page.get_by_role("heading")).to_have_text("Signed in", timeout=WAIT)


def test_a_public_page_signs_in_once_the_person_allows_it(
    chromium: BrowserType, program: ReaderProgram, control: ReaderControl
) -> None:
    site = SignInSite(program.scs.url)
    ready_card(control)
    with another(chromium, public(site.server.url)) as browser:
        context = browser.new_context(permissions=["local-network-access"])
        page = context.new_page()
        page.goto(site.server.url)
        sign_in(page, control)
    assert site.answers[0]["status"] == "ok"
    site.server.close()


def test_a_public_page_that_is_not_allowed_says_so(
    chromium: BrowserType, program: ReaderProgram, control: ReaderControl
) -> None:
    site = SignInSite(program.scs.url)
    ready_card(control)
    with another(chromium, public(site.server.url)) as browser:
        page = browser.new_page()
        page.goto(site.server.url)
        expect(page.locator("[data-scs-state=blocked]")).to_be_visible(timeout=WAIT)
        expect(page.get_by_role("status")).to_have_text("blocked")
        expect(page.get_by_role("button")).to_be_hidden()
    site.server.close()


def test_an_https_address_that_is_not_trusted_is_passed_over(
    chromium: BrowserType, program: ReaderProgram, control: ReaderControl
) -> None:
    site = SignInSite(f"{program.scs_https.url} {program.scs.url}")
    ready_card(control)
    with another(chromium) as browser:
        page = browser.new_page()
        page.goto(site.server.url)
        sign_in(page, control)
    site.server.close()


def trust(home: Path, state: Path, *options: str, language: str = "en") -> str:
    """``varmentaja reader trust`` of this user."""
    environment = {**os.environ, "HOME": str(home), "VARMENTAJA_STATE": str(state)}
    command = [sys.executable, "-m", "varmentaja", "reader", "trust", "--language", language, *options]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_chromium_trusts_the_program_once_told_to(
    chromium: BrowserType, program: ReaderProgram, control: ReaderControl, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (tmp_path / "reader").symlink_to(tmp_path / "run" / "reader")
    site = SignInSite(program.scs_https.url)
    ready_card(control)
    with another(chromium, home=home) as browser:
        page = browser.new_page()
        page.goto(site.server.url)
        expect(page.get_by_role("status")).to_have_text("no program", timeout=WAIT)
    assert str(home / ".pki" / "nssdb") in trust(home, tmp_path, "--install")
    with another(chromium, home=home) as browser:
        page = browser.new_page()
        page.goto(site.server.url)
        sign_in(page, control)
        assert page.goto(f"{program.scs_https.url}/fi/") is not None
    assert str(home / ".pki" / "nssdb") in trust(home, tmp_path, "--remove")
    with another(chromium, home=home) as browser:
        page = browser.new_page()
        page.goto(site.server.url)
        expect(page.get_by_role("status")).to_have_text("no program", timeout=WAIT)
    site.server.close()


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_the_command_explains_trust(tmp_path: Path, language: str) -> None:
    said = trust(tmp_path, tmp_path, language=language)
    assert str(tmp_path / "reader" / "local-authority.crt") in said
    assert "varmentaja reader trust --install" in said


@pytest.mark.parametrize(
    ("started", "expected"),
    [
        (["/usr/bin/python3", "-I", "/usr/bin/varmentaja-reader", "--hidden"], "varmentaja-reader trust"),
        (["python3", "-m", "varmentaja", "reader"], "varmentaja reader trust"),
        (["python3", "/venv/bin/varmentaja", "reader"], "varmentaja reader trust"),
    ],
)
def test_the_page_names_the_command_that_is_there(
    program: ReaderProgram, monkeypatch: pytest.MonkeyPatch, started: list[str], expected: str
) -> None:
    monkeypatch.setattr(sys, "orig_argv", started)
    assert f"<code>{expected} --install</code>" in httpx.get(f"{program.scs.url}/en/").text


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_the_page_about_trust_is_fine(browser: Browser, program: ReaderProgram, language: str) -> None:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{program.scs.url}/{language}/")
    fine(page, language)
    context.close()
