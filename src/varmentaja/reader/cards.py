# SPDX-License-Identifier: EUPL-1.2
"""Cards in readers: what the rest of the program sees of them, whether the reader is virtual or real."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from varmentaja.card.driver import (
    CardContents,
    CardDriver,
    CardError,
    CardRemoved,
    KeyRole,
    PinRole,
)
from varmentaja.reader.certificates import CardCertificate, read_certificate


class InsertedCard:
    """One card while it stays in its reader. Methods raise CardError; CardRemoved once it was pulled."""

    def __init__(self, slot: str, driver: CardDriver) -> None:
        self.slot = slot
        self.driver = driver
        self.contents: CardContents = driver.read()
        certificates = self.contents.certificates
        self.chain = tuple(der for der in (certificates.issuer, certificates.root) if der)
        found = (read_certificate(role, self.contents.certificate(role)) for role in KeyRole)
        self.certificates: tuple[CardCertificate, ...] = tuple(item for item in found if item)
        self._pulled = False

    @property
    def is_present(self) -> bool:
        """False from the moment the card was pulled."""
        return not self._pulled

    def pulled(self) -> None:
        """The reader says that the card is gone."""
        self._pulled = True

    def tries_left(self, role: PinRole) -> int | None:
        """Tries left of a PIN, or None where the card does not say."""
        return self.driver.pin_state(role).tries_left

    def activate(self, code: str, pin1: str, pin2: str) -> None:
        """Set both PINs with the activation code."""
        try:
            self.driver.activate(code, pin1, pin2)
        finally:
            self._read_again()

    def change(self, role: PinRole, old: str, new: str) -> None:
        """Replace a PIN, knowing the old one."""
        try:
            self.driver.change(role, old, new)
        finally:
            self._read_again()

    def unblock(self, role: PinRole, code: str, new: str) -> None:
        """Set a new PIN with the activation code."""
        try:
            self.driver.unblock(role, code, new)
        finally:
            self._read_again()

    def _read_again(self) -> None:
        """Tries and states changed; an error here must not hide the one that is on its way."""
        try:
            self.contents = replace(
                self.contents,
                pin1=self.driver.pin_state(PinRole.AUTHENTICATION),
                pin2=self.driver.pin_state(PinRole.SIGNATURE),
            )
        except CardRemoved:
            self.pulled()
        except CardError:
            pass  # the next operation will say what is wrong


class CardReaders(Protocol):
    """All readers of the machine that this program serves."""

    def cards(self) -> tuple[InsertedCard, ...]:
        """The cards that are in readers now, in the order of the readers."""
