# SPDX-License-Identifier: EUPL-1.2
"""A card from its activation to a prescription in the demo clinic, in Chromium and three languages.

Every page of the clinic on a phone and on a desktop, and what programs of others say of the signed documents.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page
from tests.e2e.test_journey import Looking
from tests.support.browser import DESKTOP, LANGUAGES, PHONE, keep
from tests.support.clinic_visit import ClinicVisit, person, physician_with_card

from varmentaja.tour.reader_story import verifiers
from varmentaja.tour.reader_story.story import ReaderStory

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journey"), pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def story(browser: Browser) -> Iterator[ReaderStory]:
    """One demo and one activated card for the three languages."""
    with physician_with_card(browser) as made:
        yield made


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_physician_signs_a_prescription_on_every_screen_without_a_fault(
    story: ReaderStory, browser: Browser, language: str
) -> None:
    looking = Looking(language)

    def look(page: Page, name: str) -> None:
        looking(page, name)
        for kind, (width, height) in {"phone": PHONE, "desktop": DESKTOP}.items():
            page.set_viewport_size({"width": width, "height": height})
            keep(page, f"{name}-{language}-{kind}")

    with person(browser, language) as page:
        ClinicVisit(page, story, language, look).walk()
    for verify in (verifiers.pdfsig, verifiers.xmlsec1):
        assert "left out" not in verify(story)
    assert looking.faults == []
    assert len(looking.names) == 10
