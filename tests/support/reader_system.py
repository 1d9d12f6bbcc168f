# SPDX-License-Identifier: EUPL-1.2
"""A system's card service with any number of readers in memory, which counts what is left open."""

from __future__ import annotations

import time

from tests.support.reader_fakes import MemoryCard, MemoryTransport

from varmentaja.card.driver import CardDriver, Transport
from varmentaja.card.pcsc import ReaderSeen


class System:
    """The system's card service; counts what of it is open. ``System()`` itself connects."""

    def __init__(self, **cards: MemoryCard | None) -> None:
        self.readers = dict(cards)
        self.trouble: dict[str, Exception] = {}
        """What opening the card in a reader meets."""
        self.reading: dict[str, Exception] = {}
        """What reading it meets."""
        self.down: Exception | None = None
        self.open_contexts = self.open_cards = 0
        self.looks = 0
        self._state = dict.fromkeys(cards, 1 << 16)

    def __call__(self) -> Connection:
        if self.down is not None:
            raise self.down
        return Connection(self)

    def put(self, name: str, card: MemoryCard | None) -> None:
        """A card goes in, or (None) comes out."""
        if old := self.readers.get(name):
            old.removed = True
        if card:
            card.removed = False
        self.readers[name] = card
        self._state[name] = self._state.get(name, 0) + (1 << 16)

    def unplug(self, name: str) -> None:
        """The reader goes away with the card in it."""
        if card := self.readers.pop(name):
            card.removed = True

    @property
    def seen(self) -> tuple[ReaderSeen, ...]:
        """All readers now."""
        return tuple(
            ReaderSeen(name, card is not None, False, self._state[name])
            for name, card in self.readers.items()
        )

    def driver(self, transport: Transport) -> CardDriver:
        """The card at the end of a wire."""
        assert isinstance(transport, Wire)
        if transport.name in self.reading:
            raise self.reading[transport.name]
        card = self.readers[transport.name]
        assert card is not None
        return card


class Connection:
    """One context of the card service; to be closed once."""

    def __init__(self, system: System) -> None:
        self._system = system
        self._is_open = True
        system.open_contexts += 1

    def watch(self, before: tuple[ReaderSeen, ...], timeout: float) -> tuple[ReaderSeen, ...]:
        self._system.looks += 1
        if self._system.down is not None:
            raise self._system.down
        if before == self._system.seen:
            time.sleep(min(timeout, 0.01))
        return self._system.seen

    def open(self, name: str) -> Wire:
        if name in self._system.trouble:
            raise self._system.trouble[name]
        return Wire(self._system, name)

    def close(self) -> None:
        assert self._is_open
        self._is_open = False
        self._system.open_contexts -= 1


class Wire(MemoryTransport):
    """A connected card; to be closed once."""

    def __init__(self, system: System, name: str) -> None:
        self._system, self.name = system, name
        self._is_open = True
        system.open_cards += 1

    def close(self) -> None:
        assert self._is_open
        self._is_open = False
        self._system.open_cards -= 1
