# SPDX-License-Identifier: EUPL-1.2
"""What is wrong with a page in Chromium: its language, its width on phone and desktop, and what axe finds.

A page is loaded once and made narrow and wide. axe takes most of the time: where a page is looked at in three
languages, it looks in one, and the journeys of tests/e2e let it look at every page in all of them.
"""

from __future__ import annotations

import re

from playwright.sync_api import Page
from tests.support.browser import DESKTOP, PHONE, keep, violations, wider_than_screen

ENGLISH = re.compile(r"\b(the|and|you|your|with|this|cannot|letter)\b", re.IGNORECASE)
"""Words that no Finnish or Swedish text has: they give away what nobody has translated."""
AXE_LANGUAGE = "fi"


def faults(page: Page, name: str, language: str, *, axe: bool | None = None) -> list[str]:
    """What is wrong with the page as it stands; it is left as wide as a desktop.

    ``axe``: whether it looks; if it is not said, it looks in one language.
    """
    told = page.locator("html").get_attribute("lang")
    found = [] if told == language else [f"lang is {told}"]
    for width, height in (PHONE, DESKTOP):
        page.set_viewport_size({"width": width, "height": height})
        keep(page, f"{name}-{language}-{width}")
        found += [f"wider than {width} px: {element}" for element in wider_than_screen(page)]
        page.wait_for_load_state("load")
        if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
            found.append(f"scrolls sideways at {width} px")
        if axe or (axe is None and language == AXE_LANGUAGE):
            found += [f"axe at {width} px: {each}" for each in violations(page)]
    return [f"{name} {page.url}: {fault}" for fault in found]


def untranslated(page: Page, language: str) -> list[str]:
    """English words on a page in Finnish or Swedish."""
    return ENGLISH.findall(f"{page.title()} {_own_text(page)}") if language != "en" else []


def _own_text(page: Page) -> str:
    """What the page shows in its own language; file names are not words."""
    shown: str = page.evaluate(
        """() => {
            const copy = document.body.cloneNode(true);
            copy.querySelectorAll('[lang], script, code, pre').forEach(element => element.remove());
            return copy.textContent;
        }"""
    )
    return re.sub(r"\S+\.\w+", "", shown)


class Looking:
    """What is wrong on the pages of one language; told at the end, so that one run tells everything."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.names: set[str] = set()
        self.faults: list[str] = []

    def __call__(self, page: Page, name: str) -> None:
        assert name not in self.names, f"two pages are called {name}"
        self.names.add(name)
        if left := untranslated(page, self.language):
            self.faults.append(f"{name} {page.url}: English words: {left}")
        self.faults += faults(page, name, self.language, axe=True)
