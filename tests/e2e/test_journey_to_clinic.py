# SPDX-License-Identifier: EUPL-1.2
"""A card from its activation to a prescription in the demo clinic, in Chromium and three languages.

Every page of the clinic on a phone and on a desktop, and what programs of others say of the signed documents.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser
from tests.support.browser import LANGUAGES
from tests.support.clinic_visit import ClinicVisit, person, physician_with_card
from tests.support.screens import Looking

from varmentaja.tour.place import Place
from varmentaja.tour.reader_story import verifiers
from varmentaja.tour.reader_story.story import ReaderStory

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("journey"), pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def story(journey_demo: Place, browser: Browser) -> Iterator[ReaderStory]:
    """One activated card for the three languages."""
    with physician_with_card(browser, journey_demo) as made:
        yield made


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_physician_signs_a_prescription_on_every_screen_without_a_fault(
    story: ReaderStory, browser: Browser, language: str
) -> None:
    looking = Looking(language)
    with person(browser, language) as page:
        ClinicVisit(page, story, language, looking).walk()
    for verify in (verifiers.pdfsig, verifiers.xmlsec1):
        assert "left out" not in verify(story)
    assert looking.faults == []
    assert len(looking.names) == 10
