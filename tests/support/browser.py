# SPDX-License-Identifier: EUPL-1.2
"""Chromium for tests: Debian's own, headless, kept from calling home; axe; screenshots.

The fixtures ``browser`` (one a session) and ``open_page`` are taken in by ``tests/conftest.py``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, Error, Page, sync_playwright

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    "--no-sandbox",
    "--headless=new",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    "--no-default-browser-check",
]
PHONE = (390, 844)
DESKTOP = (1280, 900)
LANGUAGES = ("fi", "sv", "en")

OpenPage = Callable[..., Page]


def launch() -> Iterator[Browser]:
    """A browser that is closed afterwards (``contextlib.contextmanager`` or a fixture wraps this)."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for the whole run; each page has its own context, so cookies are not shared."""
    yield from launch()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """``open_page(url, size=…, javascript=…, locale=…)`` → a page; a script error fails the test."""
    contexts = []
    faults: list[str] = []

    def open_it(
        url: str, *, size: tuple[int, int] = DESKTOP, javascript: bool = True, locale: str = "fi-FI"
    ) -> Page:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]}, java_script_enabled=javascript, locale=locale
        )
        contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", lambda line: faults.append(line.text) if "Content Security" in line.text else None)
        page.goto(url)
        return page

    yield open_it
    for context in contexts:
        context.close()
    assert faults == []


def violations(page: Page) -> list[str]:
    """What axe finds against the page as it stands, one line an element.

    A page that loads itself anew while it is looked at (the reader's does) is looked at once more.
    """
    try:
        found = _axe(page)
    except Error as error:
        if "context was destroyed" not in error.message:
            raise
        page.wait_for_load_state("load")
        found = _axe(page)
    return [
        f"{violation['id']}: {node['html'][:160]} ({node['failureSummary']})"
        for violation in found
        for node in violation["nodes"]
    ]


def _axe(page: Page) -> list[Any]:
    """Half a megabyte of axe is given to a page once, and asked for what is wrong alone: both save time."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found: list[Any] = page.evaluate(
        "() => axe.run({resultTypes: ['violations']}).then(found => found.violations)"
    )
    return found


def wider_than_screen(page: Page) -> list[str]:
    """Elements that make the page scroll sideways.

    Looked at twice before it is believed: a page that loads itself anew has a moment without its style.
    """
    if _wider(page):
        page.wait_for_timeout(1000)
        page.wait_for_load_state("load")
    return _wider(page)


def _wider(page: Page) -> list[str]:
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll('body *')]
            .filter(e => e.getBoundingClientRect().right > document.documentElement.clientWidth + 1
                && !e.closest('.visually-hidden, thead'))
            .map(e => e.outerHTML.slice(0, 120))"""
    )
    return found


def keep(page: Page, name: str) -> None:
    """The whole page as a picture in the folder VARMENTAJA_SCREENSHOTS, when somebody wants to look."""
    folder = os.environ.get("VARMENTAJA_SCREENSHOTS")
    if folder:
        page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)
