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
from varmentaja.domain.errors import DomainError, Message, conflict, not_found, unavailable
from varmentaja.reader.cards import InsertedCard
from varmentaja.reader.code_memory import CODE_TRIES_FILE, CodeMemory
from varmentaja.reader.control import describe
from varmentaja.reader.control_client import ReaderControl
from varmentaja.reader.examination import standings
from varmentaja.reader.right_to_use import why_not
from varmentaja.reader.service_link import ServiceLink


class CardInHand(Protocol):
    """What the command line does with a card; errors are DomainError."""

    def describe(self) -> Mapping[str, Any]:
        """See ``varmentaja.reader.control.describe``."""

    def statuses(self) -> Mapping[str, str]:
        """What its issuer says of each certificate now, by use: good, revoked or unknown."""

    def activate(self, code: str, pin1: str, pin2: str) -> None:
        """Set both PINs with the activation code."""

    def change(self, pin: PinRole, old: str, new: str) -> None:
        """Replace a PIN, knowing the old one."""

    def unlock(self, pin: PinRole, code: str, new: str) -> None:
        """Set a new PIN with the activation code."""

    def verify(self, pin: PinRole, old: str) -> None:
        """Check a PIN; nothing stays verified."""


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

    def statuses(self) -> Mapping[str, str]:
        """What the issuer says of each certificate now."""
        return self._control.statuses(self._slot)

    def activate(self, code: str, pin1: str, pin2: str) -> None:
        """Set both PINs with the activation code."""
        self._control.activate(code, pin1, pin2, self._slot)

    def change(self, pin: PinRole, old: str, new: str) -> None:
        """Replace a PIN, knowing the old one."""
        self._control.change(pin, old, new, self._slot)

    def unlock(self, pin: PinRole, code: str, new: str) -> None:
        """Set a new PIN with the activation code."""
        self._control.unlock(pin, code, new, self._slot)

    def verify(self, pin: PinRole, old: str) -> None:
        """Check a PIN; nothing stays verified."""
        self._control.verify(pin, old, self._slot)


class RealCardInHand:
    """A card in a reader that the system's PC/SC service knows."""

    def __init__(self, readers: PcscReaders, name: str, service: ServiceLink, memory: CodeMemory) -> None:
        self._service = service
        service.look(now=datetime.now(UTC))

        def refuse(card: InsertedCard) -> Message | None:
            return why_not(card, service, now=datetime.now(UTC))

        self._card = InsertedCard(name, open_card(readers.open(name)), refuse=refuse, memory=memory)

    def describe(self) -> Mapping[str, Any]:
        """The card's contents."""
        return describe(self._card)

    def statuses(self) -> Mapping[str, str]:
        """What the issuer says of each certificate now."""
        return standings(self._card, self._service, now=datetime.now(UTC))

    def activate(self, code: str, pin1: str, pin2: str) -> None:
        """Set both PINs with the activation code."""
        self._card.activate(code, pin1, pin2)

    def change(self, pin: PinRole, old: str, new: str) -> None:
        """Replace a PIN, knowing the old one."""
        self._card.change(pin, old, new)

    def unlock(self, pin: PinRole, code: str, new: str) -> None:
        """Set a new PIN with the activation code."""
        self._card.unblock(pin, code, new)

    def verify(self, pin: PinRole, old: str) -> None:
        """Check a PIN; nothing stays verified."""
        self._card.verify(pin, old)


def take_in_hand(chosen: Settings, *, slot: str, reader: str | None) -> CardInHand:
    """The card in the real reader whose name contains ``reader``. Where none is named: in a slot of the
    virtual reader while that runs, otherwise in the one real reader that has a card."""
    control = virtual_reader(chosen) if reader is None else None
    if control is not None:
        return VirtualCardInHand(control, slot)
    readers = real_readers(is_named=reader is not None)
    memory = CodeMemory(chosen.reader / CODE_TRIES_FILE)
    return RealCardInHand(readers, which_reader(readers, reader or ""), ServiceLink.of(chosen), memory)


def virtual_reader(chosen: Settings) -> ReaderControl | None:
    """The virtual reader, if it runs."""
    try:
        control = ReaderControl.running(chosen.run)
        control.state()
    except DomainError:
        return None
    return control


def real_readers(*, is_named: bool = True) -> PcscReaders:
    """The system's readers; ``is_named``: the person asked for one of them."""
    try:
        return PcscReaders()
    except DomainError:
        if is_named:
            raise
        raise unavailable(
            "The virtual card reader is not running, and the system's card reader service (PC/SC) does not "
            "answer. Start one of them."
        ) from None


def which_reader(readers: PcscReaders, part_of_name: str) -> str:
    """The reader that is meant: of those whose name has this part, the one with a card."""
    there = [seen for seen in readers.watch((), 0) if part_of_name.casefold() in seen.name.casefold()]
    if not there and part_of_name:
        raise not_found(
            "There is no card reader named %(name)s. Readers found: %(names)s.",
            name=part_of_name,
            names=", ".join(readers.names()) or "-",
        )
    if not there:
        raise unavailable("No card reader was found. Plug a reader in; it is found by itself.")
    taken = [seen.name for seen in there if seen.has_card]
    if len(taken) > 1:
        raise conflict(
            "There are cards in several readers. Name one with --reader: %(names)s.", names=", ".join(taken)
        )
    return taken[0] if taken else there[0].name
