# SPDX-License-Identifier: EUPL-1.2
"""The story of a card in Chromium, in three languages: every page, on a phone and on a desktop."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page
from tests.support.browser import DESKTOP, LANGUAGES, PHONE, violations, wider_than_screen
from tests.support.journey import Journey

from varmentaja.tour.place import Place, of_its_own

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journey"), pytest.mark.timeout(240)]

ENGLISH = re.compile(r"\b(the|and|you|your|with|this|cannot|letter)\b", re.IGNORECASE)
"""Words that no Finnish or Swedish text has: they give away what nobody has translated."""


@pytest.fixture(scope="module")
def place() -> Iterator[Place]:
    """One demo for the three languages."""
    with of_its_own("ecc", keep=False) as made:
        yield made


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_story_of_a_card_is_told_on_every_screen_without_a_fault(
    place: Place, browser: Browser, language: str
) -> None:
    seen = Looking(language)
    Journey(browser, place, language, seen).walk()
    assert seen.faults == []
    assert len(seen.names) > 35


class Looking:
    """What is wrong on the pages of one language; told at the end, so that one run tells everything."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.names: set[str] = set()
        self.faults: list[str] = []

    def __call__(self, page: Page, name: str) -> None:
        assert name not in self.names, f"two pages are called {name}"
        self.names.add(name)
        found = [*self._language(page)]
        for width, height in (PHONE, DESKTOP):
            page.set_viewport_size({"width": width, "height": height})
            found += [f"wider than {width} px: {element}" for element in wider_than_screen(page)]
            page.wait_for_load_state("load")
            if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                found.append(f"scrolls sideways at {width} px")
            found += [f"axe at {width} px: {each}" for each in violations(page)]
        self.faults += [f"{name} {page.url}: {fault}" for fault in found]

    def _language(self, page: Page) -> Iterator[str]:
        told = page.locator("html").get_attribute("lang")
        if told != self.language:
            yield f"lang is {told}"
        if self.language != "en":
            left = ENGLISH.findall(f"{page.title()} {_own_text(page)}")
            if left:
                yield f"English words: {left}"


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
