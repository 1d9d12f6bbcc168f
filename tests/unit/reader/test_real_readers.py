# SPDX-License-Identifier: EUPL-1.2
"""The machine's readers as they come and go: what is seen of them, and nothing stays open without need."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from tests.support.reader_fakes import PIN1, MemoryCard, TinyHierarchy
from tests.support.reader_system import System

from varmentaja.card.driver import CardInUse, CardRemoved, HashAlgorithm, KeyRole
from varmentaja.card.unknown import not_supported
from varmentaja.domain.errors import Message, message, unavailable
from varmentaja.reader import real_readers
from varmentaja.reader.cards import InsertedCard
from varmentaja.reader.events import Events
from varmentaja.reader.real_readers import RealReaders

SECONDS = 20.0
UNKNOWN = not_supported(b"\x3b\x00")


def over(system: System, refuse: Callable[[InsertedCard], Message | None] = lambda _: None) -> RealReaders:
    return RealReaders(system, system.driver, Events(), refuse=refuse)


def look(readers: RealReaders, system: System, times: int = 1) -> None:
    for _ in range(times):
        readers.take_in(system.seen)


@contextmanager
def watching(system: System, monkeypatch: pytest.MonkeyPatch) -> Iterator[RealReaders]:
    """The thread that watches, in a hurry."""
    monkeypatch.setattr(real_readers, "LOOK_SECONDS", 0.02)
    readers = over(system)
    readers.start()
    try:
        yield readers
    finally:
        monkeypatch.setattr(real_readers, "LOOK_SECONDS", SECONDS)
        readers.close()
    assert (system.open_contexts, system.open_cards) == (0, 0)


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


def signs(card: InsertedCard) -> bool:
    return bool(card.sign(KeyRole.AUTHENTICATION, b"x", HashAlgorithm.SHA256, PIN1, digest=False))


def test_a_card_that_is_held_is_tried_again_and_again_and_nothing_stays_open(memory_card: MemoryCard) -> None:
    system = System(one=memory_card)
    readers = over(system)
    system.trouble["one"] = CardInUse()
    look(readers, system, times=300)
    assert readers.slots[0].error == CardInUse().message
    assert (system.open_contexts, system.open_cards) == (0, 0)
    del system.trouble["one"]
    look(readers, system, times=3)
    assert signs(readers.cards()[0])
    assert (system.open_contexts, system.open_cards) == (1, 1)


@pytest.mark.parametrize("fault", [UNKNOWN, CardInUse(), CardRemoved(), RuntimeError("a fault"), KeyError(1)])
@pytest.mark.parametrize("when", ["trouble", "reading"])
def test_a_card_that_cannot_be_read_is_let_go(memory_card: MemoryCard, when: str, fault: Exception) -> None:
    system = System(one=memory_card)
    getattr(system, when)["one"] = fault
    readers = over(system)
    look(readers, system, times=2)
    assert readers.cards() == ()
    assert readers.slots[0].is_taken is not isinstance(fault, CardRemoved)
    assert (readers.slots[0].error is None) is isinstance(fault, CardRemoved)
    assert (system.open_contexts, system.open_cards) == (0, 0)


def test_a_refused_card_is_let_go_and_taken_up_once_nothing_is_said_against_it(
    memory_card: MemoryCard,
) -> None:
    told: list[Message] = [message("This program is too old for your card.")]
    system = System(one=memory_card)
    readers = over(system, lambda _: told[0] if told else None)
    look(readers, system)
    assert readers.slots[0].error == told[0]
    assert readers.slots[0].card is not None, "its certificates are shown all the same"
    assert (system.open_contexts, system.open_cards) == (0, 0)
    told.clear()
    look(readers, system)
    assert signs(readers.cards()[0])
    assert (system.open_contexts, system.open_cards) == (1, 1)


def test_two_readers_with_a_card_each_are_apart(hierarchy: TinyHierarchy) -> None:
    first, second = MemoryCard(hierarchy), MemoryCard(hierarchy)
    system = System(one=first, two=second)
    readers = over(system)
    look(readers, system)
    assert [card.slot for card in readers.cards()] == ["one", "two"]
    held = readers.cards()
    system.put("one", None)
    look(readers, system)
    assert [card.is_present for card in held] == [False, True]
    assert [slot.is_taken for slot in readers.slots] == [False, True]
    assert signs(held[1])
    assert (system.open_contexts, system.open_cards) == (1, 1)


def test_a_reader_that_vanishes_takes_its_card_along_and_brings_it_back(hierarchy: TinyHierarchy) -> None:
    first, second = MemoryCard(hierarchy), MemoryCard(hierarchy)
    system = System(one=first, two=second)
    readers = over(system)
    look(readers, system)
    gone = readers.cards()[0]
    system.unplug("one")
    look(readers, system)
    assert not gone.is_present
    assert [slot.name for slot in readers.slots] == ["two"]
    assert (system.open_contexts, system.open_cards) == (1, 1)
    system.put("one", first)
    look(readers, system)
    assert {card.slot for card in readers.cards()} == {"one", "two"}
    assert not gone.is_present, "who held the card has to ask for it again"


def test_a_card_service_that_ends_takes_all_readers_away_and_brings_them_back(
    memory_card: MemoryCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = System(one=memory_card)
    with watching(system, monkeypatch) as readers:
        until(lambda: len(readers.cards()) == 1)
        held = readers.cards()[0]
        system.down = unavailable("The system's card reader service (PC/SC) does not answer.")
        until(lambda: readers.trouble is not None)
        until(lambda: not readers.slots)
        assert not held.is_present
        until(lambda: system.open_contexts == system.open_cards == 0)
        system.down = None
        until(lambda: len(readers.cards()) == 1)
        assert readers.trouble is None
        assert signs(readers.cards()[0])


def test_no_fault_ends_the_watching(
    hierarchy: TinyHierarchy, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    bad, good = MemoryCard(hierarchy), MemoryCard(hierarchy)
    system = System(bad=bad, good=good)
    system.reading["bad"] = RuntimeError("with the PIN 2580 in it")
    with watching(system, monkeypatch) as readers:
        until(lambda: len(readers.cards()) == 1)
        assert "fault of its own" in str(readers.slots[0].error)
        system.down = RuntimeError("nobody thought of this")
        until(lambda: "fault of its own" in str(readers.trouble))
        system.down = None
        until(lambda: readers.trouble is None and len(readers.cards()) == 1)
        del system.reading["bad"]
        system.put("bad", bad)
        until(lambda: len(readers.cards()) == 2)
    assert "RuntimeError" in caplog.text
    assert "2580" not in caplog.text
