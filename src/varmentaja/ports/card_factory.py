# SPDX-License-Identifier: EUPL-1.2
"""The card factory: takes an order and gives back a finished card.

Keys are made on the chip, so the factory asks the issuer for certificates in the middle. Everything
can be asked again with the same order key after an interruption; a card that can't be finished is destroyed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from varmentaja.card.driver import CardCertificates, KeyAlgorithm
from varmentaja.card.personalise import CertificationRequest, Certified
from varmentaja.domain.errors import Message


@dataclass(frozen=True, slots=True)
class Face:
    """What is printed on the card. The back's serial comes from the chip."""

    product: str
    """Id of the product (domain/data/products.toml)."""
    family_name: str
    first_name: str
    title: str
    """Title of the right, or of the job."""
    number: str
    """Registration number, or empty for those who have none."""
    valid_until: date
    photo: bytes | None = field(default=None, repr=False)
    """JPEG, 36 x 47, as ``documents.photo.clean_photo`` gives it."""


@dataclass(frozen=True, slots=True)
class FactoryOrder:
    """One card to make."""

    key: str
    """Idempotency key: one key, one card."""
    product: str
    generation: str
    """Card generation (domain/data/chip_generations.toml)."""
    algorithm: KeyAlgorithm
    face: Face


@dataclass(frozen=True, slots=True)
class MadeCard:
    """A finished card, waiting to be sent; ``certified`` was read back from the chip."""

    chip_serial: str
    """20 upper-case hexadecimal digits."""
    printed_serial: str
    certified: Certified
    face_png: bytes
    """The front as printed."""
    back_png: bytes


class Issuer(Protocol):
    """What the factory asks the one who ordered. Whatever these raise ends the making, to be tried again."""

    def activation_code(self, chip_serial: str) -> str:
        """The code to put on the chip; the same one for the same chip."""

    def challenge(self, chip_serial: str) -> bytes:
        """What each key of the chip signs (``card.proof.message``) to prove that the chip holds it."""

    def certified(self, chip_serial: str) -> Certified | None:
        """What has been certified for this chip already: all of it, or None."""

    def certify(self, request: CertificationRequest) -> CardCertificates:
        """Certify the keys of the chip, one for each role, after checking each proof of possession.

        Raises PersonalisationFailed (DISCARD) for keys that are not proved, or not one for each role: such a
        chip is not to be trusted.
        """

    def withdraw(self, chip_serial: str, reason: Message) -> None:
        """Revoke whatever was certified for this chip: its keys are gone, or the card is destroyed."""


class CardFactory(Protocol):
    """Whoever makes the cards."""

    def make(self, order: FactoryOrder, issuer: Issuer) -> MadeCard:
        """Make the card, go on making it, or give the one made before under this key.

        Raises DomainError: CONFLICT when the card was spoiled and destroyed (the next call takes another
        blank), or when the order was given up; UNAVAILABLE when the factory does not answer; and what the
        issuer raises.
        """

    def give_up(self, key: str, reason: Message) -> None:
        """Destroy the order's card, if there is one, and never make another under this key."""
