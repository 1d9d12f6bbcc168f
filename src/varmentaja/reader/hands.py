# SPDX-License-Identifier: EUPL-1.2
"""A card for the command line: in the running virtual reader, or in a real reader through PC/SC."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from varmentaja.card.driver import CardRemoved, PinRole
from varmentaja.card.drivers import open_card
from varmentaja.card.pcsc import PcscReaders
from varmentaja.config import Settings
from varmentaja.domain.errors import Message, not_found
from varmentaja.reader.cards import InsertedCard
from varmentaja.reader.code_memory import CODE_TRIES_FILE, CodeMemory
from varmentaja.reader.control import describe
from varmentaja.reader.control_client import ReaderControl
from varmentaja.reader.right_to_use import why_not
from varmentaja.reader.service_link import ServiceLink


class CardInHand(Protocol):
    """What the command line does with a card; errors are DomainError."""

    def describe(self) -> Mapping[str, Any]:
        """See ``varmentaja.reader.control.describe``."""

    def activate(self, code: str, pin1: str, pin2: str) -> None:
        """Set both PINs with the activation code."""

    def change(self, pin: PinRole, old: str, new: str) -> None:
        """Replace a PIN, knowing the old one."""

    def unlock(self, pin: PinRole, code: str, new: str) -> None:
        """Set a new PIN with the activation code."""


class VirtualCardInHand:
    """A card in a slot of the running virtual reader."""

    def __init__(self, control: ReaderControl, slot: str) -> None:
        self._control = control
        self._slot = slot

    def describe(self) -> Mapping[str, Any]:
        """The card's contents; raises CardRemoved when the slot is empty."""
        for slot in self._control.state()["slots"]:
            if slot["slot"] == self._slot and slot["contents"]:
                contents: Mapping[str, Any] = slot["contents"]
                return contents
        raise CardRemoved

    def activate(self, code: str, pin1: str, pin2: str) -> None:
        """Set both PINs with the activation code."""
        self._control.activate(code, pin1, pin2, self._slot)

    def change(self, pin: PinRole, old: str, new: str) -> None:
        """Replace a PIN, knowing the old one."""
        self._control.change(pin, old, new, self._slot)

    def unlock(self, pin: PinRole, code: str, new: str) -> None:
        """Set a new PIN with the activation code."""
        self._control.unlock(pin, code, new, self._slot)


class RealCardInHand:
    """A card in a reader that the system's PC/SC service knows."""

    def __init__(self, reader: str, service: ServiceLink, memory: CodeMemory) -> None:
        readers = PcscReaders()
        names = readers.names()
        found = next((name for name in names if reader.casefold() in name.casefold()), None)
        if found is None:
            raise not_found(
                "There is no card reader named %(name)s. Readers found: %(names)s.",
                name=reader,
                names=", ".join(names) or "-",
            )
        service.look(now=datetime.now(UTC))

        def refuse(card: InsertedCard) -> Message | None:
            return why_not(card, service, now=datetime.now(UTC))

        self._card = InsertedCard(found, open_card(readers.open(found)), refuse=refuse, memory=memory)

    def describe(self) -> Mapping[str, Any]:
        """The card's contents."""
        return describe(self._card)

    def activate(self, code: str, pin1: str, pin2: str) -> None:
        """Set both PINs with the activation code."""
        self._card.activate(code, pin1, pin2)

    def change(self, pin: PinRole, old: str, new: str) -> None:
        """Replace a PIN, knowing the old one."""
        self._card.change(pin, old, new)

    def unlock(self, pin: PinRole, code: str, new: str) -> None:
        """Set a new PIN with the activation code."""
        self._card.unblock(pin, code, new)


def take_in_hand(chosen: Settings, *, slot: str, reader: str | None) -> CardInHand:
    """The card in a slot of the virtual reader, or in the real reader whose name contains ``reader``."""
    if reader is not None:
        return RealCardInHand(reader, ServiceLink.of(chosen), CodeMemory(chosen.reader / CODE_TRIES_FILE))
    return VirtualCardInHand(ReaderControl.running(chosen.run), slot)
