# SPDX-License-Identifier: EUPL-1.2
"""The virtual reader: slots into which the sandbox's cards are put, as hands would do with a real reader.

The card host (card/host.py) keeps the cards; inserting tells it to connect one of them to a slot's listener.
What then goes over that connection is the same as with a chip: the driver knows no difference.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol, TypeAlias

from varmentaja.card.card_list import ListedCard
from varmentaja.card.driver import CardDriver, CardError, CardRemoved, Transport
from varmentaja.domain.errors import DomainError, Message, conflict, not_found
from varmentaja.reader.cards import InsertedCard
from varmentaja.reader.code_memory import CodeMemory
from varmentaja.reader.events import Events

CONNECT_SECONDS = 10.0
"""Longest wait for a card that the host says it has put in."""

_PICTURES = (".svg", ".png")


Refuse: TypeAlias = Callable[[InsertedCard], Message | None]


class Drawer(Protocol):
    """The sandbox's drawer of cards; CardHostClient is one. Raises unavailable when it does not answer."""

    def list(self) -> list[ListedCard]:
        """All cards."""

    def insert(self, serial: str, port: int) -> None:
        """Connect a card to the slot that listens on ``port``."""

    def pull(self, serial: str) -> None:
        """Take a card out of wherever it is."""


class InsertedTransport(Transport, Protocol):
    """A transport that knows by itself when its card was pulled."""

    @property
    def is_present(self) -> bool:
        """False once the card has been pulled."""


class Listener(Protocol):
    """One slot's end of the wire; CardSlot is one."""

    @property
    def port(self) -> int:
        """Where a card connects to."""

    def wait_for_card(self, timeout: float) -> InsertedTransport:
        """The card that has connected; raises CardRemoved when none did in time."""

    def close(self) -> None:
        """Stop listening."""


class OpenCard(Protocol):
    """Finds the driver for a card (card/drivers.py)."""

    def __call__(self, transport: Transport) -> CardDriver: ...


class Slot:
    """One slot of the reader: empty, or with a card that may turn out to be unusable (``trouble``)."""

    def __init__(self, name: str, listener: Listener) -> None:
        self.name = name
        self.listener = listener
        self.serial: str | None = None
        """Chip serial of the card that was put in."""
        self.picture: Path | None = None
        """The picture of its face, where there is one that browsers show."""
        self.card: InsertedCard | None = None
        self.trouble: CardError | None = None
        """Why the card that is in cannot be used."""
        self._transport: InsertedTransport | None = None

    @property
    def error(self) -> Message | None:
        """What the person is told of a card that cannot be used."""
        return self.trouble.message if self.trouble else None

    @property
    def is_taken(self) -> bool:
        """Whether a card is in; one that went away by itself (its host ended) leaves the slot empty."""
        return self._transport is not None and self._transport.is_present

    def take(
        self,
        transport: InsertedTransport,
        serial: str,
        read: Callable[[str, InsertedTransport], InsertedCard],
    ) -> None:
        """A card has connected: ``read`` it."""
        self._transport, self.serial = transport, serial
        try:
            self.card = read(self.name, transport)
        except CardRemoved:
            self.clear()
            raise
        except CardError as error:
            self.trouble = error

    def clear(self) -> None:
        """Forget the card that was here."""
        if self._transport is not None:
            self._transport.close()
        self.serial = self.picture = self.card = self.trouble = self._transport = None


class VirtualReader:
    """Slots, the cards in them and those beside them; safe to use from many threads."""

    def __init__(
        self,
        drawer: Drawer,
        listeners: Sequence[Listener],
        open_card: OpenCard,
        events: Events,
        *,
        refuse: Refuse = lambda _: None,
        memory: CodeMemory | None = None,
    ) -> None:
        """``refuse`` says why the program may not work for a card."""
        self._drawer = drawer
        self._open_card = open_card
        self._refuse = refuse
        self._memory = memory
        self._events = events
        self._hands = threading.RLock()
        """One pair of hands: cards are put in one at a time."""
        self.slots = tuple(Slot(str(number), listener) for number, listener in enumerate(listeners, start=1))

    def cards(self) -> tuple[InsertedCard, ...]:
        """The cards that programs can use now."""
        cards = (slot.card for slot in self.slots)
        return tuple(card for card in cards if card and card.is_present)

    def beside(self) -> tuple[ListedCard, ...]:
        """The sandbox's finished cards; raises unavailable when the card host does not answer."""
        return tuple(card for card in self._drawer.list() if card.is_finished)

    def slot(self, name: str) -> Slot:
        """The slot of that name; raises not found."""
        for slot in self.slots:
            if slot.name == name:
                return slot
        raise not_found("There is no such place in the reader.")

    def card_in(self, name: str) -> InsertedCard:
        """The usable card in a slot; raises CardRemoved when there is none."""
        card = self.slot(name).card
        if card is None or not card.is_present:
            raise CardRemoved
        return card

    def insert(self, slot_name: str, serial: str) -> Slot:
        """Put a card into an empty slot. A card that can't be read stays in, with the reason in ``error``."""
        with self._hands:
            slot = self.slot(slot_name)
            if slot.is_taken:
                raise conflict("There is a card in the reader already. Pull it out first.")
            slot.clear()
            picture = self._picture(serial)
            self._drawer.insert(serial, slot.listener.port)
            transport = slot.listener.wait_for_card(CONNECT_SECONDS)
            slot.take(transport, serial, self._read)
            slot.picture = picture
        self._events.happened()
        return slot

    def pull(self, slot_name: str) -> None:
        """Pull the card out, whatever it is doing."""
        slot = self.slot(slot_name)
        serial = slot.serial
        if serial is None:
            raise conflict("There is no card in the reader.")
        if slot.card:
            slot.card.pulled()
        try:
            self._drawer.pull(serial)
        finally:
            with self._hands:
                slot.clear()
            self._events.happened()

    def look(self) -> None:
        """Notice cards that went away by themselves; to be called now and then."""
        for slot in self.slots:
            with self._hands:
                if slot.serial is None or slot.is_taken:
                    continue
                slot.clear()
            self._events.happened()

    def close(self) -> None:
        """Pull all cards and stop listening."""
        for slot in self.slots:
            if slot.serial is not None:
                with suppress(DomainError):  # the host may be gone already
                    self.pull(slot.name)
            slot.listener.close()

    def _read(self, slot_name: str, transport: InsertedTransport) -> InsertedCard:
        return InsertedCard(
            slot_name,
            self._open_card(transport),
            lambda: transport.is_present,
            self._refuse,
            self._events.happened,
            self._memory,
        )

    def _picture(self, serial: str) -> Path | None:
        for card in self._drawer.list():
            if card.serial == serial and card.picture:
                path = Path(card.picture)
                return path if path.suffix in _PICTURES else None
        return None
