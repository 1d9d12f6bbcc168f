# SPDX-License-Identifier: EUPL-1.2
"""What the window shows of the card in the reader, and what it offers to do."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo

import pytest
from PySide6.QtWidgets import QScrollArea
from tests.support.pki import Demo
from tests.support.reader_fakes import MADE, MemoryCard, TinyHierarchy
from tests.unit.reader.window.conftest import Desk, cut, opened, silence

from varmentaja.card.driver import PinCondition, PinRole, PinState
from varmentaja.domain.errors import Message, message
from varmentaja.reader.cards import InsertedCard
from varmentaja.reader.observed import Observed
from varmentaja.reader.real_readers import RealSlot
from varmentaja.reader.right_to_use import refusal
from varmentaja.reader.texts import LANGUAGES
from varmentaja.reader.window.home_page import names_of
from varmentaja.reader.window.look import SCALES
from varmentaja.reader.window.main_window import SIZE


def test_an_activated_card_can_be_used(desk: Desk, memory_card: MemoryCard) -> None:
    desk.insert(memory_card)
    assert "Aino Virtanen, laillistettu lääkäri" in desk.texts
    assert "Reader of a maker" in desk.texts.splitlines()
    assert "PIN 1, for signing in: Change the PIN" in desk.buttons
    assert "PIN 2, for signing documents: Check the PIN" in desk.buttons


def test_the_page_about_trust_is_shown_in_the_browser() -> None:
    desk = Desk(trust=True)
    desk.look()
    desk.press("Let your browser trust this program")
    assert desk.trust_pages == ["en"]
    desk.close()


def test_a_card_of_another_issuer_is_not_worked_for_and_the_window_says_why(
    demo: Demo, hierarchy: TinyHierarchy
) -> None:
    for activated in (True, False):
        with opened(lambda card: refusal(card, demo.hierarchy, now=datetime.now(UTC))) as desk:
            desk.insert(MemoryCard(hierarchy, activated=activated))
            assert "This card is from another issuer: TEST Professionals." in desk.texts
            assert "Use the program that came with the card." in desk.texts
            assert desk.buttons == ["What is wrong with my card?"]


def test_a_refusal_that_the_service_tells_later_shows_too(memory_card: MemoryCard) -> None:
    told: list[Message] = []

    def ask_service(card: InsertedCard) -> Observed:
        told.append(message("This program is too old for your card."))
        return silence(card)

    with opened(lambda _: told[0] if told else None, ask_service) as desk:
        desk.insert(memory_card)
        desk.wait_until(lambda: "This program is too old for your card." in desk.texts)
        assert desk.buttons == ["What is wrong with my card?"]


def test_a_card_that_another_program_holds_is_told_and_read_once_it_is_free(
    desk: Desk, memory_card: MemoryCard
) -> None:
    desk.system.is_held = True
    desk.insert(memory_card)
    assert "Another program is using the card. Close that program, or wait until it is done." in desk.texts
    assert desk.buttons == ["What is wrong with my card?"]
    desk.system.is_held = False
    desk.look()
    assert "Another program" not in desk.texts
    assert "Aino Virtanen, laillistettu lääkäri" in desk.texts


def test_what_happens_at_the_last_try_is_said_before_it(desk: Desk, memory_card: MemoryCard) -> None:
    memory_card.tries[PinRole.AUTHENTICATION] = 1
    desk.insert(memory_card)
    warning = "1 try left. If it is wrong, the PIN is locked."
    assert f"PIN 1, for signing in. {warning}" in desk.texts
    assert "PIN 2, for signing documents. 5 tries left." in desk.texts
    desk.press("PIN 1, for signing in: Change the PIN")
    assert warning in desk.texts


def test_a_locked_pin_can_only_be_set_anew(desk: Desk, memory_card: MemoryCard) -> None:
    memory_card.tries[PinRole.AUTHENTICATION] = 0
    desk.insert(memory_card)
    about_pin1 = [name for name in desk.buttons if name.startswith("PIN 1")]
    assert about_pin1 == ["PIN 1, for signing in: Set a new one with the code"]


def test_a_fresh_card_whose_code_is_locked_is_not_offered_activation(
    desk: Desk, hierarchy: TinyHierarchy
) -> None:
    fresh = MemoryCard(hierarchy, activated=False)
    fresh.code_tries = 0
    desk.insert(fresh)
    assert "The activation code is locked. You need a new card" in desk.texts
    assert desk.buttons == ["What is wrong with my card?"]


def test_a_locked_pin_whose_code_is_locked_is_told_and_offered_nothing(
    desk: Desk, memory_card: MemoryCard
) -> None:
    memory_card.tries[PinRole.AUTHENTICATION] = memory_card.code_tries = 0
    desk.insert(memory_card)
    assert "The PIN can't be used or set any more" in desk.texts
    assert "Set a new one with your activation code" not in desk.texts
    assert [name for name in desk.buttons if name.startswith("PIN 1")] == []


def test_a_pin_that_may_be_locked_or_unset_is_set_with_the_code(
    desk: Desk, memory_card: MemoryCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As S4-2 cards tell of it."""
    blocked = PinState(PinCondition.BLOCKED, 0, 4, 8)
    monkeypatch.setattr(memory_card, "pin_state", lambda _: blocked)
    desk.insert(memory_card)
    assert "PIN 2, for signing documents. The PIN is locked or has not been set yet." in desk.texts
    about_pin2 = [name for name in desk.buttons if name.startswith("PIN 2")]
    assert about_pin2 == ["PIN 2, for signing documents: Set a new one with the code"]


def test_the_month_before_the_end_is_told_once_a_card(
    desk: Desk, hierarchy: TinyHierarchy, monkeypatch: pytest.MonkeyPatch
) -> None:
    class LateDatetime(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> LateDatetime:
            return cls.fromtimestamp((MADE + timedelta(days=1810)).timestamp(), tz)

    monkeypatch.setattr("varmentaja.reader.window.main_window.datetime", LateDatetime)
    desk.insert(MemoryCard(hierarchy))
    told = [line for line in desk.texts.splitlines() if "end soon" in line]
    assert len(told) == 1
    assert "Apply for a new card at your registration point" in told[0]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("scale", (SCALES[0], SCALES[-1]))
def test_no_text_is_cut_whatever_the_language_and_the_size(
    desk: Desk, memory_card: MemoryCard, language: str, scale: int
) -> None:
    memory_card.tries[PinRole.AUTHENTICATION] = 1
    desk.words.speak(language)
    desk.words.scale = scale
    desk.words.changed.emit()
    desk.insert(memory_card)
    desk.window.show()
    desk.look()
    assert cut(desk.window) == []
    if desk.window.width() == SIZE.width():  # the screen is as large
        area = desk.window.findChild(QScrollArea)
        assert area and not area.horizontalScrollBar().isVisible()
    desk.window.close()


def test_each_reader_of_one_model_has_a_number() -> None:
    slots = tuple(RealSlot(name) for name in ("Maker A 00 00", "Maker A 01 00", "Maker B 02 00"))
    assert list(names_of(slots).values()) == ["Maker A 1", "Maker A 2", "Maker B"]
