# SPDX-License-Identifier: EUPL-1.2
"""The virtual reader: slots into which the sandbox's cards are put, as hands would do with a real reader.

A card host (card/host.py) keeps the cards; inserting tells it to connect one of them to a slot's listener.
What then goes over that connection is the same as with a chip: the driver knows no difference.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from varmentaja.card.driver import CardDriver, CardError, CardRemoved, Transport
from varmentaja.domain.errors import DomainError, Message, conflict, not_found
from varmentaja.reader.cards import InsertedCard
from varmentaja.reader.events import Events


@dataclass(frozen=True, slots=True)
class DemoCard:
    """A card that lies beside the reader."""

    card_id: str
    holder: str
    title: str
    printed_serial: str
    in_reader: bool
    """True while it is in this or in another reader."""


class CardHost(Protocol):
    """The sandbox's drawer of cards."""

    def cards(self) -> tuple[DemoCard, ...]:
        """All cards; raises unavailable when the card host does not answer."""

    def insert(self, card_id: str, port: int) -> None:
        """Connect a card to the reader that listens on ``port``."""

    def remove(self, card_id: str) -> None:
        """Take a card out of whatever reader it is in."""


class Listener(Protocol):
    """One slot's end of the wire."""

    @property
    def port(self) -> int:
        """Where a card connects to."""

    def wait_for_card(self, timeout: float) -> Transport:
        """The card that has connected; raises CardRemoved when none did in time."""

    def close(self) -> None:
        """Stop listening."""


class OpenCard(Protocol):
    """Finds the driver for a card (card/drivers.py)."""

    def __call__(self, transport: Transport) -> CardDriver: ...


CONNECT_SECONDS = 10.0


class Slot:
    """One slot of the reader: empty, or with a card whose program side may have failed."""

    def __init__(self, name: str, listener: Listener) -> None:
        self.name = name
        self.listener = listener
        self.card_id: str | None = None
        self.card: InsertedCard | None = None
        self.error: Message | None = None

    @property
    def is_taken(self) -> bool:
        """Whether a card is in; a card that went away by itself (its host ended) leaves the slot empty."""
        return self.card_id is not None and (self.card is None or self.card.is_present)

    def clear(self) -> None:
        """Forget the card that was here."""
        if self.card:
            self.card.pulled()
            self.card.driver.transport.close()
        self.card_id = self.card = self.error = None


class VirtualReader:
    """Slots, the cards in them and those beside them; safe to use from many threads."""

    def __init__(
        self, host: CardHost, listeners: Sequence[Listener], open_card: OpenCard, events: Events
    ) -> None:
        self._host = host
        self._open_card = open_card
        self._events = events
        self._hands = threading.RLock()
        """One pair of hands: cards are put in and pulled one at a time."""
        self.slots = tuple(Slot(str(number), listener) for number, listener in enumerate(listeners, start=1))

    def cards(self) -> tuple[InsertedCard, ...]:
        """The cards that programs can use now."""
        return tuple(slot.card for slot in self.slots if slot.card and slot.card.is_present)

    def beside(self) -> tuple[DemoCard, ...]:
        """The sandbox's cards; raises unavailable when the card host does not answer."""
        return self._host.cards()

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

    def insert(self, slot_name: str, card_id: str) -> Slot:
        """Put a card into an empty slot. A card that can't be read stays in, with the reason in ``error``."""
        with self._hands:
            slot = self.slot(slot_name)
            if slot.is_taken:
                raise conflict("There is a card in the reader already. Pull it out first.")
            slot.clear()
            self._host.insert(card_id, slot.listener.port)
            slot.card_id = card_id
            try:
                transport = slot.listener.wait_for_card(CONNECT_SECONDS)
                slot.card = InsertedCard(slot.name, self._open_card(transport))
            except CardRemoved:
                slot.clear()
                raise
            except CardError as error:
                slot.error = error.message
            self._events.happened()
            return slot

    def pull(self, slot_name: str) -> None:
        """Pull the card out, whatever it is doing. The slot is empty afterwards even if the host is gone."""
        slot = self.slot(slot_name)
        card_id = slot.card_id
        if card_id is None:
            raise conflict("There is no card in the reader.")
        if slot.card:
            slot.card.pulled()
        try:
            self._host.remove(card_id)
        finally:
            with self._hands:
                slot.clear()
            self._events.happened()

    def close(self) -> None:
        """Pull all cards and stop listening."""
        for slot in self.slots:
            if slot.card_id is not None:
                with suppress(DomainError):  # the host may be gone already
                    self.pull(slot.name)
            slot.listener.close()
