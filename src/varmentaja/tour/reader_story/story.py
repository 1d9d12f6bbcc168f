# SPDX-License-Identifier: EUPL-1.2
"""The story of a card, with a clinic in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

from varmentaja.tour.browser import Browser
from varmentaja.tour.card.story import Story
from varmentaja.tour.card.story import open_story as open_card_story
from varmentaja.tour.engine import StepFailed
from varmentaja.tour.place import Place


@dataclass(slots=True)
class ReaderStory(Story):
    """State of the story as it goes on."""

    clinic: Browser | None = None
    """The physician's browser on the clinic's pages."""
    pdf: Path | None = None
    cda: Path | None = None
    """The signed documents, once they have been downloaded."""

    @property
    def at_clinic(self) -> Browser:
        """The clinic's pages."""
        assert self.clinic is not None, "set when the story is opened"
        return self.clinic

    def signed(self, file: Path | None) -> Path:
        """A downloaded document; StepFailed before it has come."""
        if file is None:
            raise StepFailed("the signed documents have not been downloaded")
        return file


@contextmanager
def open_story(place: Place) -> Iterator[ReaderStory]:
    """Everybody at their places, as in the story of the card, and a browser for the clinic."""
    with open_card_story(place) as card:
        clinic = Browser(place.clinic)
        try:
            known = {each.name: getattr(card, each.name) for each in fields(card)}
            yield ReaderStory(**known, clinic=clinic)
        finally:
            clinic.close()
