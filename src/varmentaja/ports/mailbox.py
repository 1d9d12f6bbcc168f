# SPDX-License-Identifier: EUPL-1.2
"""The holders' letter boxes, which only a test service can look into."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Envelope:
    """One envelope in a letter box."""

    key: str
    kind: str
    """A value of ``domain.letters.LetterKind``."""
    addressee: str
    posted_on: date
    delivery_on: date
    """The business day on which it arrives."""
    returned: bool
    has_card: bool
    enclosures: tuple[str, ...]
    """File names such as ``letter.pdf``."""


@dataclass(frozen=True, slots=True)
class LetterBox:
    """Whose letter box it is: the electronic identification number, and the name on the envelopes."""

    holder: str
    name: str
    envelopes: int


class Mailbox(Protocol):
    """A look into the letter boxes that the simulated post fills."""

    def boxes(self) -> tuple[LetterBox, ...]:
        """Every letter box that has got post, by name."""

    def envelopes(self, holder: str) -> tuple[Envelope, ...]:
        """What is in one of them, newest first; nothing for an unknown holder."""

    def enclosure(self, holder: str, key: str, name: str) -> bytes:
        """One document of an envelope; raises DomainError not_found."""
