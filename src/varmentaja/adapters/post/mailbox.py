# SPDX-License-Identifier: EUPL-1.2
"""A look into the letter boxes that the simulated post fills."""

from __future__ import annotations

from varmentaja.adapters.post.simulator import Delivered, SimulatedPost
from varmentaja.domain.errors import not_found
from varmentaja.ports.mailbox import Envelope, LetterBox


class SimulatedMailbox:
    """Implements ports.mailbox.Mailbox. Names come from anybody: they are never joined to a path."""

    def __init__(self, post: SimulatedPost) -> None:
        self._post = post

    def boxes(self) -> tuple[LetterBox, ...]:
        """See the port."""
        letters = self._post.delivered()
        latest = {letter.holder: letter for letter in letters}
        boxes = (
            LetterBox(holder, _addressee(letter), sum(each.holder == holder for each in letters))
            for holder, letter in latest.items()
        )
        return tuple(sorted(boxes, key=lambda box: (box.name, box.holder)))

    def envelopes(self, holder: str) -> tuple[Envelope, ...]:
        """See the port."""
        return tuple(_envelope(letter) for letter in reversed(self._letters(holder)))

    def enclosure(self, holder: str, key: str, name: str) -> bytes:
        """See the port."""
        for letter in self._letters(holder):
            for path in letter.files() if letter.key == key else ():
                if path.name == name:
                    return path.read_bytes()
        raise not_found("There is no such letter.")

    def _letters(self, holder: str) -> list[Delivered]:
        return [letter for letter in self._post.delivered() if letter.holder == holder]


def _envelope(letter: Delivered) -> Envelope:
    return Envelope(
        key=letter.key,
        kind=letter.kind,
        addressee=_addressee(letter),
        posted_on=letter.posted_on,
        delivery_on=letter.delivery_on,
        returned=letter.returned_on is not None,
        has_card=letter.card_serial is not None,
        enclosures=tuple(path.name for path in letter.files()),
    )


def _addressee(letter: Delivered) -> str:
    return letter.address_lines[0]
