# SPDX-License-Identifier: EUPL-1.2
"""Sign-in with a card in Chromium: ``python -m bench.sign_in [rounds]``.

A whole service, a virtual P-384 card, and SCS. The clock runs from the click to the question for the PIN,
stands still while a person would type, and runs again from the PIN to the loaded page.
"""

from __future__ import annotations

import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from playwright.sync_api import Browser, Page
from tests.support.browser import launch
from tests.support.whole_service import WholeService, whole_service

from bench.harness import Row, report
from varmentaja.adapters.sandbox.cast import load_cast
from varmentaja.reader.control_client import ReaderControl

ROLE = "registrar"
SLOW = 60_000
"""Milliseconds after which something must be broken."""


def measure(rounds: int = 15) -> list[Row]:
    """Seconds: medians."""
    with (
        tempfile.TemporaryDirectory() as name,
        whole_service(Path(name) / "var") as service,
        contextmanager(launch)() as browser,
    ):
        reader = ReaderControl.running(service.state / "run")
        pin = _insert(service, reader)
        _sign_in(browser, service, reader, pin)  # templates are compiled once
        times = [_sign_in(browser, service, reader, pin) for _ in range(rounds)]
    asked, opened = [first for first, _ in times], [second for _, second in times]
    whole = [first + second for first, second in times]
    how = f"virtual card, P-384; {rounds} times, longest {max(whole):.2f} s"
    return [
        Row("sign-in from click to page, without the human", median(whole), "s", how, "sign_in"),
        Row("of that: click to question", median(asked), "s", "page, preflight, program, card"),
        Row("of that: PIN to page", median(opened), "s", "signature, its checks, the page that follows"),
    ]


def _insert(service: WholeService, reader: ReaderControl) -> str:
    """Put the card in; its PIN 1."""
    family = load_cast().member(ROLE).family_name
    cards = [card for card in reader.state()["cards"] if card["holder"].startswith(f"{family} ")]
    reader.insert(str(cards[0]["card"]))
    return str(next(person["pin1"] for person in service.status()["people"] if person["role"] == ROLE))


def _sign_in(browser: Browser, service: WholeService, reader: ReaderControl, pin: str) -> tuple[float, float]:
    """Seconds until the question comes, and from its answer to the page."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"http://localhost:{service.port}/fi/registration/")
    page.locator("form.scs button").wait_for(timeout=SLOW)
    clicked = time.perf_counter()
    page.locator("form.scs button").click()
    number = reader.wait_for_question()["number"]
    asked = time.perf_counter()
    time.sleep(0.3)  # the person types: what the page does meanwhile is not waited for
    typed = time.perf_counter()
    reader.answer(number, pin)
    _wait(page)
    opened = time.perf_counter()
    context.close()
    return asked - clicked, opened - typed


def _wait(page: Page) -> None:
    page.wait_for_url("**/registration/", timeout=SLOW, wait_until="load")


def main() -> None:
    """Measure and report; exit code 1 if a firm limit is missed."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    kept = report("Sign-in with a card", f"python -m bench.sign_in {rounds}", measure(rounds))
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
