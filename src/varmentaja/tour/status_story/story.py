# SPDX-License-Identifier: EUPL-1.2
"""The story of a card once more, seen by those who ask whether its certificates are in force."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path

from varmentaja.card.drivers import open_card
from varmentaja.card.host_client import CardHostClient
from varmentaja.tour.card.papers import Papers, papers
from varmentaja.tour.card.story import Story
from varmentaja.tour.card.story import open_story as open_card_story
from varmentaja.tour.engine import StepFailed
from varmentaja.tour.place import Place


@dataclass(slots=True)
class StatusStory(Story):
    """State of the story as it goes on; ``her_papers`` are of the certificate that is revoked."""

    neighbour: str = ""
    """The serial number, as OpenSSL takes it (``0x…``), of one of the many cards that stay in force."""
    old_lists: tuple[Path, ...] = ()
    """Revocation lists (PEM) that were fetched before the revocation."""

    @property
    def authority(self) -> str:
        """The authority that certifies professionals and staff."""
        return f"professionals-{self.place.settings.algorithm}"

    def papers_of(self, chip_serial: str) -> Papers:
        """What a stranger reads from a card without a PIN: its authentication certificate."""
        transport = CardHostClient(self.place.settings.card_host_socket).connect(chip_serial)
        try:
            der = open_card(transport).read().certificates.authentication
        finally:
            transport.close()
        if der is None:
            raise StepFailed(f"there is no certificate on the card {chip_serial}")
        return papers(der, self.folder)


@contextmanager
def open_story(place: Place) -> Iterator[StatusStory]:
    """Everybody at their places, as in the story of the card."""
    with open_card_story(place) as card:
        yield StatusStory(**{each.name: getattr(card, each.name) for each in fields(card)})
