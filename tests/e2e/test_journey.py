# SPDX-License-Identifier: EUPL-1.2
"""The story of a card in Chromium, in three languages: every page, on a phone and on a desktop."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser
from tests.support.browser import LANGUAGES
from tests.support.journey import Journey
from tests.support.screens import Looking

from varmentaja.tour.place import Place

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journey"), pytest.mark.timeout(240)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_story_of_a_card_is_told_on_every_screen_without_a_fault(
    journey_demo: Place, browser: Browser, language: str
) -> None:
    seen = Looking(language)
    Journey(browser, journey_demo, language, seen).walk()
    assert seen.faults == []
    assert len(seen.names) > 35
