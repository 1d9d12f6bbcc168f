# SPDX-License-Identifier: EUPL-1.2
"""Who takes part in the story of a card, and what they have found out so far."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509

from varmentaja.adapters.post.simulator import SimulatedPost
from varmentaja.adapters.sandbox.cast import Cast, load_cast
from varmentaja.adapters.sandbox.faults import Faults
from varmentaja.domain.people import Person
from varmentaja.reader.control_client import ReaderControl
from varmentaja.tour.browser import Browser
from varmentaja.tour.card.papers import Papers, pem_file
from varmentaja.tour.engine import StepFailed
from varmentaja.tour.place import Place
from varmentaja.tour.reader import CardInHand

HERO, REFUSED, BY_TELEPHONE = "physician", "nurse_ended", "english_speaker"
"""Members of the cast: whose card it is, who gets none, and who reports a card lost by telephone. Where the
first or the last has a card already, another physician comes."""
PIN1, PIN2 = "4826", "482615"
"""What the holder chooses."""


@dataclass(slots=True)
class Story:
    """State of a story as it goes on; a step finds here what earlier steps left."""

    place: Place
    reader: ReaderControl
    folder: Path
    """For files that OpenSSL is to read."""
    post: SimulatedPost
    """Whose mailboxes stand for the homes of the people."""
    old_mail: frozenset[str]
    """Keys of the envelopes that came before the story began."""
    root: Path
    """The root certificate (PEM) that relying parties trust."""
    registrar: Browser
    holder: Browser
    officer: Browser
    cast: Cast = field(default_factory=load_cast)
    applicant: Person | None = None
    """Whose card it is, once the application is approved."""
    other: Person | None = None
    """Who reports a card lost by telephone, once the application is approved."""
    card: CardInHand | None = None
    """The hero's, once it has come by post."""
    other_card: str = ""
    """Chip serial of the card that is reported lost by telephone."""
    code: str = field(default="", repr=False)
    signs_in: Papers | None = None
    """The hero's authentication certificate and its path, once it has been shown to somebody."""
    document: str = ""
    """Address of the signed document."""

    @property
    def hero(self) -> Person:
        """The person whose card it is; StepFailed before the application is approved."""
        if self.applicant is None:
            raise StepFailed("nobody has applied for the card yet")
        return self.applicant

    @property
    def caller(self) -> Person:
        """The person who reports a card lost by telephone; StepFailed before the application is approved."""
        if self.other is None:
            raise StepFailed("nobody has applied for the other card yet")
        return self.other

    @property
    def her_card(self) -> CardInHand:
        """The hero's card; StepFailed before it has come."""
        if self.card is None:
            raise StepFailed("the card has not come yet")
        return self.card

    @property
    def her_papers(self) -> Papers:
        """The hero's authentication certificate; StepFailed before she has signed in."""
        if self.signs_in is None:
            raise StepFailed("the certificate has not been seen yet")
        return self.signs_in

    def staff_card(self, role: str) -> CardInHand:
        """The card of a member of the demo's staff, whose PINs are public."""
        member = self.cast.member(role)
        person = next(each for each in self.place.status["people"] if each["role"] == role)
        for card in self.reader.state()["cards"]:
            if card["holder"].startswith(f"{member.family_name} ") and card["is_activated"]:
                return CardInHand(card["card"], person["pin1"], person["pin2"])
        raise StepFailed(f"there is no card of {member.family_name} beside the reader")


@contextmanager
def open_story(place: Place) -> Iterator[Story]:
    """Everybody at their places, with browsers of their own."""
    browsers = (Browser(place.portal), Browser(place.portal), Browser(place.portal))
    try:
        with tempfile.TemporaryDirectory(prefix="varmentaja-story-") as folder:
            post = SimulatedPost(place.settings.mailbox, Faults(place.settings.faults))
            old = frozenset(letter.key for letter in post.delivered())
            root = pem_file(
                x509.load_der_x509_certificate(place.root.read_bytes()), Path(folder) / "root.pem"
            )
            reader = ReaderControl.running(place.run)
            yield Story(place, reader, Path(folder), post, old, root, *browsers)
    finally:
        for browser in browsers:
            browser.close()
