# SPDX-License-Identifier: EUPL-1.2
"""The card readers of this machine: which there are, and the cards in them, as they come and go.

One thread waits for PC/SC and reads what is inserted, so that nobody else ever waits for a slow card.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Protocol

from varmentaja.card.driver import CardDriver, CardError, CardInUse, CardRemoved, Transport
from varmentaja.card.pcsc import ReaderSeen
from varmentaja.domain.errors import Message, message
from varmentaja.reader.cards import InsertedCard
from varmentaja.reader.code_memory import CodeMemory
from varmentaja.reader.events import Events
from varmentaja.reader.faults import as_told

LOOK_SECONDS = 1.0
"""How soon a reader that is plugged in is seen at the latest; cards are seen at once."""

_HELD = CardInUse().message
_MUTE = message("The chip of the card does not answer. Check that the chip goes in first, facing up.")


class Readers(Protocol):
    """The system's card service; PcscReaders is one. Raises unavailable when it does not answer."""

    def watch(self, before: tuple[ReaderSeen, ...], timeout: float) -> tuple[ReaderSeen, ...]:
        """All readers, once something differs from ``before`` or time is over."""

    def open(self, name: str) -> Transport:
        """The card in a reader."""

    def close(self) -> None:
        """Let go of the service."""


@dataclass(frozen=True, slots=True)
class RealSlot:
    """One reader at one moment: empty, being read, with a card, or with one that can't be used."""

    name: str
    is_taken: bool = False
    card: InsertedCard | None = None
    error: Message | None = None
    """Why the card can't be used."""

    @property
    def is_being_read(self) -> bool:
        """The card went in just now."""
        return self.is_taken and self.card is None and self.error is None


class RealReaders:
    """Implements CardReaders over PC/SC; safe to use from many threads."""

    def __init__(
        self,
        readers: Callable[[], Readers],
        open_card: Callable[[Transport], CardDriver],
        events: Events,
        *,
        refuse: Callable[[InsertedCard], Message | None] = lambda _: None,
        memory: CodeMemory | None = None,
    ) -> None:
        """``readers`` connects to the card service: once for watching, once for each card, since a call that
        waits keeps others of its connection waiting. ``refuse`` says why a card may not be used here."""
        self._readers = readers
        self._open_card = open_card
        self._events = events
        self._refuse = refuse
        self._memory = memory
        self._seen: dict[str, ReaderSeen] = {}
        self._open: dict[str, tuple[Transport, ExitStack]] = {}
        self._slots: dict[str, RealSlot] = {}
        self.trouble: Message | None = None
        """Why no reader can be seen at all."""
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="card readers", daemon=True)

    @property
    def slots(self) -> tuple[RealSlot, ...]:
        """All readers now."""
        return tuple(self._slots.values())

    def cards(self) -> tuple[InsertedCard, ...]:
        """The cards that programs can use now."""
        return tuple(
            slot.card for slot in self.slots if slot.card and slot.card.is_present and not slot.error
        )

    def start(self) -> None:
        """Begin to watch."""
        self._thread.start()

    def close(self) -> None:
        """Stop watching and let go of all cards; what a card is doing just now is finished first."""
        self._over.set()
        self._thread.join(3 * LOOK_SECONDS)
        for name in list(self._slots):
            self._let_go(name)

    def _watch(self) -> None:
        service: Readers | None = None
        while not self._over.is_set():
            try:
                service = service or self._readers()
                seen = service.watch(tuple(self._seen.values()), LOOK_SECONDS)
                self._say_trouble(None)
                self.take_in(seen)
            except Exception as error:  # whatever it was, the next look may go well
                if service:
                    service.close()
                service, seen = None, ()
                self._say_trouble(as_told(error).message)
            if not seen:
                self._over.wait(LOOK_SECONDS)
        if service:
            service.close()

    def take_in(self, seen: tuple[ReaderSeen, ...]) -> None:
        """Act on what is in the readers now."""
        names = {reader.name for reader in seen}
        for name in [name for name in self._slots if name not in names]:
            self._let_go(name)
            del self._slots[name], self._seen[name]
            self._events.happened()
        for reader in seen:
            before = self._seen.get(reader.name)
            self._seen[reader.name] = reader
            if before is None or not before.same_card(reader) or self._may_have_changed(reader.name):
                self._look_into(reader)

    def _may_have_changed(self, name: str) -> bool:
        """Whether a card that could not be used may be usable now: another program held it when it was looked
        at, or nothing is said against it any more."""
        slot = self._slots.get(name)
        if slot is None or slot.error is None:
            return False
        return slot.error == _HELD or (slot.card is not None and slot.card.refusal is None)

    def _look_into(self, reader: ReaderSeen) -> None:
        self._let_go(reader.name)
        if not reader.has_card:
            self._put(RealSlot(reader.name))
        elif reader.is_mute:
            self._put(RealSlot(reader.name, is_taken=True, error=_MUTE))
        else:
            if not self._may_have_changed(reader.name):
                self._put(RealSlot(reader.name, is_taken=True))
            self._put(self._read(reader.name))

    def _read(self, name: str) -> RealSlot:
        """Connect to the card and read it. Only a card that can be used stays connected."""
        with ExitStack() as connection:
            try:
                service = self._readers()
                connection.callback(service.close)
                transport = service.open(name)
                connection.callback(transport.close)
                card = InsertedCard(
                    name,
                    self._open_card(transport),
                    refuse=self._refuse,
                    changed=self._events.happened,
                    memory=self._memory,
                )
                refusal = card.refusal
            except CardRemoved:
                return RealSlot(name)
            except Exception as error:
                return RealSlot(name, is_taken=True, error=as_told(error).message)
            if refusal is None:
                self._open[name] = transport, connection.pop_all()
            return RealSlot(name, is_taken=True, card=card, error=refusal)

    def _put(self, slot: RealSlot) -> None:
        if self._slots.get(slot.name) != slot:
            self._slots[slot.name] = slot
            self._events.happened()

    def _let_go(self, name: str) -> None:
        slot, connection = self._slots.get(name), self._open.pop(name, None)
        if slot and slot.card:
            slot.card.pulled()
        if connection:
            transport, to_close = connection
            with (
                to_close,
                suppress(CardError),
                transport.transaction(),
            ):  # what the card does now is done first
                pass

    def _say_trouble(self, trouble: Message | None) -> None:
        if trouble:
            self.take_in(())
        if trouble != self.trouble:
            self.trouble = trouble
            self._events.happened()
