# SPDX-License-Identifier: EUPL-1.2
"""The post: takes envelopes, delivers them, and brings back what could not be delivered."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Enclosure:
    """One printed document in the envelope."""

    name: str
    """A file name such as ``letter.pdf``."""
    content: bytes


@dataclass(frozen=True, slots=True)
class Mailing:
    """One envelope. A card and its code never travel in the same one."""

    key: str
    """Idempotency key: the same key posts the same envelope once."""
    kind: str
    """What it is, a value of ``domain.letters.LetterKind``."""
    holder: str
    """Reference of the person it is about: the electronic identification number."""
    address_lines: tuple[str, ...]
    """Name first, at most six lines, as they show in the window."""
    posted_on: date
    """Business day on which it is handed to the post."""
    enclosures: tuple[Enclosure, ...]
    card_serial: str | None = None
    """The chip serial of a card in the envelope."""


@dataclass(frozen=True, slots=True)
class Receipt:
    """The post has taken the envelope."""

    key: str
    posted_on: date
    delivery_on: date
    """The business day on which it should arrive."""


@dataclass(frozen=True, slots=True)
class ReturnedMailing:
    """An envelope that came back to the sender."""

    key: str
    returned_on: date
    reason: str
    """A word of the post's: ``unknown_address``, ``not_collected`` or ``refused``."""


class Recalled(StrEnum):
    """What came of asking for an envelope back."""

    NOT_HERE = "not_here"
    """It was never handed over, or was stopped before."""
    STOPPED = "stopped"
    LEFT = "left"
    """Too late: it is on its way."""


class Post(Protocol):
    """A postal operator, or the printing house in front of it."""

    def send(self, mailing: Mailing) -> Receipt:
        """Hand over one envelope.

        Raises DomainError: INVALID for an address that can't be used, CONFLICT when the key was used for
        another envelope, UNAVAILABLE when the post does not answer (send again with the same key).
        """

    def recall(self, key: str) -> Recalled:
        """Stop an envelope that must not leave; its key may then be used again.

        Raises DomainError UNAVAILABLE (ask again).
        """

    def returned(self) -> tuple[ReturnedMailing, ...]:
        """Every envelope that has come back so far, oldest first."""
