# SPDX-License-Identifier: EUPL-1.2
"""Forms while cards come and go, and the question that websites put."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtWidgets import QApplication, QFrame, QRadioButton
from tests.support.reader_fakes import CODE, PIN1, PIN2, MemoryCard, TinyHierarchy
from tests.support.reader_system import System
from tests.unit.reader.window.conftest import Desk, cut, opened, texts

from varmentaja.card.driver import CardRemoved, KeyRole, PinRole
from varmentaja.reader.prompts import KeyChoice, PinAnswer, PinRequest
from varmentaja.reader.window.pin_field import PinField
from varmentaja.reader.window.pin_page import PinPage
from varmentaja.reader.window.question import Question

CHOICE = KeyChoice(
    slot="1",
    card_number="566778899",
    role=KeyRole.AUTHENTICATION,
    holder="Aino Virtanen",
    title="laillistettu lääkäri",
    issuer="TEST Professionals",
    valid_until=datetime(2031, 11, 1, tzinfo=UTC),
    tries_left=5,
)
SIGNING = replace(CHOICE, role=KeyRole.SIGNATURE, tries_left=1)
LAST_TRY = "1 try left. If it is wrong, the PIN is locked."


@pytest.fixture
def fresh_card(hierarchy: TinyHierarchy) -> MemoryCard:
    return MemoryCard(hierarchy, activated=False)


def type_all(desk: Desk, *values: str) -> list[PinField]:
    """Into the fields of the form, in their order."""
    fields = desk.window.findChildren(PinField)
    for field, value in zip(fields, values, strict=True):
        field.setText(value)
    return fields


def test_a_fault_of_the_program_is_told_and_leaves_the_form_in_the_persons_hands(
    desk: Desk, fresh_card: MemoryCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(code: str, pin1: str, pin2: str) -> None:
        raise KeyError(code)

    monkeypatch.setattr(fresh_card, "activate", fail)
    desk.insert(fresh_card)
    desk.wait_for("Activate the card")
    type_all(desk, CODE, PIN1, PIN1, PIN2, PIN2)
    desk.press("Activate")
    desk.wait_until(lambda: "fault of its own" in desk.texts)
    fields = desk.window.findChildren(PinField)
    assert all(field.isEnabled() for field in fields)
    monkeypatch.undo()
    desk.press("Activate")
    desk.wait_for("Card and reader")


def test_once_the_code_is_locked_there_is_nothing_left_to_send(desk: Desk, fresh_card: MemoryCard) -> None:
    desk.insert(fresh_card)
    desk.wait_for("Activate the card")
    for tries_left in (4, 3, 2, 1, 0):
        type_all(desk, "00000000", PIN1, PIN1, PIN2, PIN2)
        desk.press("Activate")
        desk.wait_until(lambda: fresh_card.code_tries == tries_left and not page_of(desk).is_busy)  # noqa: B023
        assert page_of(desk).submit.isHidden() is (tries_left == 0)
    assert "You need a new card" in desk.texts


def page_of(desk: Desk) -> PinPage:
    """The form that is shown."""
    (page,) = desk.window.findChildren(PinPage)
    return page


def test_a_diagnosis_that_meets_a_fault_says_so(desk: Desk) -> None:
    desk.press("What is wrong with my card?")  # the desk's own diagnosis is a fault
    desk.wait_until(lambda: "fault of its own" in desk.texts)
    assert desk.examined == [""]
    assert "Look again" in desk.buttons
    desk.press("Back")
    desk.wait_for("Card and reader")


def test_with_several_readers_the_card_that_is_meant_is_examined(hierarchy: TinyHierarchy) -> None:
    names = ("Maker A 00 00", "Maker A 01 00")
    system = System(**{name: MemoryCard(hierarchy) for name in names})
    with opened(readers=system) as desk:
        desk.look()
        wrong = [name for name in desk.buttons if "What is wrong" in name]
        assert wrong == ["Maker A 1: What is wrong with my card?", "Maker A 2: What is wrong with my card?"]
        desk.press(wrong[1])
        desk.wait_until(lambda: desk.examined == [names[1]])
        desk.words.speak("fi")
        desk.wait_until(lambda: desk.examined == [names[1]] * 2)


def test_a_card_that_is_pulled_in_the_midst_of_activation_is_activated_when_it_comes_back(
    desk: Desk, fresh_card: MemoryCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    unblock = fresh_card.unblock

    def pull_after_first(role: PinRole, code: str, new: str) -> None:
        unblock(role, code, new)
        desk.system.pull()
        raise CardRemoved

    monkeypatch.setattr(fresh_card, "unblock", pull_after_first)
    desk.insert(fresh_card)
    desk.wait_for("Activate the card")
    fields = type_all(desk, CODE, PIN1, PIN1, PIN2, PIN2)
    desk.press("Activate")
    desk.wait_until(lambda: not fields or "removed" in desk.texts)
    desk.look()
    assert "Card and reader" in desk.window.windowTitle()
    assert "The card was removed from the reader. Insert it and try again." in desk.texts
    assert list(fresh_card.pins) == [PinRole.AUTHENTICATION]

    monkeypatch.undo()
    desk.insert(fresh_card)
    desk.wait_for("Activate the card")
    assert not any(field.text() for field in desk.window.findChildren(PinField))
    type_all(desk, CODE, PIN1, PIN1, PIN2, PIN2)
    desk.press("Activate")
    desk.wait_for("Card and reader")
    assert fresh_card.pins == {PinRole.AUTHENTICATION: PIN1, PinRole.SIGNATURE: PIN2}


def test_closing_the_window_forgets_what_was_typed(desk: Desk, fresh_card: MemoryCard) -> None:
    desk.insert(fresh_card)
    desk.wait_for("Activate the card")
    type_all(desk, CODE, PIN1, PIN1, PIN2, PIN2)
    desk.window.close()
    assert not any(field.text() for field in desk.window.findChildren(PinField))


class Asker:
    """A website's request that waits for its answer in a thread of its own."""

    def __init__(self, desk: Desk, request: PinRequest) -> None:
        self.gone = threading.Event()
        self.answers: list[PinAnswer | None] = []
        self._desk = desk
        self._thread = threading.Thread(target=self._ask, args=(request,))
        self._thread.start()
        self._until(lambda: desk.pad.pending is not None)
        desk.window.refresh()
        QApplication.processEvents()

    def _ask(self, request: PinRequest) -> None:
        self.answers.append(self._desk.pad.ask(request, given_up=self.gone.is_set))

    def _until(self, true: Callable[[], bool]) -> None:
        self._desk.wait_until(true)

    def end(self) -> PinAnswer | None:
        """What came of it."""
        self._thread.join()
        self._desk.window.refresh()
        return self.answers[0]


def open_question() -> Question | None:
    found = [it for it in QApplication.topLevelWidgets() if isinstance(it, Question) and it.isVisible()]
    return found[0] if found else None


@pytest.mark.parametrize(
    "asker",
    [
        "https://clinic.example",
        "https://xn--clinc-qza.example:8443",
        "<b>https://evil.example</b>",
        f"https://clinic.example.{'a' * 63}.{'b-' * 31}b.{'c' * 63}.evil.example",
    ],
)
def test_the_question_shows_who_asks_letter_by_letter(desk: Desk, asker: str) -> None:
    waiting = Asker(desk, PinRequest(asker, (CHOICE,)))
    question = open_question()
    assert question
    assert asker in texts(question).replace("\u200b", "").splitlines()
    assert question.width() < 900
    assert cut(question) == []
    assert asker in question.edit.accessibleDescription()
    assert "Signing in (PIN 1): Aino Virtanen, laillistettu lääkäri" in texts(question)
    question.edit.setText(PIN1)
    question.edit.returnPressed.emit()
    assert waiting.end() == PinAnswer(0, PIN1)
    assert open_question() is None


def test_a_program_of_this_computer_is_called_so(desk: Desk) -> None:
    waiting = Asker(desk, PinRequest("", (CHOICE,)))
    question = open_question()
    assert question
    assert "A program on this computer" in texts(question)
    question.reject()
    assert waiting.end() is None


def test_the_question_tells_of_the_last_try_of_the_key_that_is_chosen(desk: Desk) -> None:
    waiting = Asker(desk, PinRequest("https://clinic.example", (CHOICE, SIGNING)))
    question = open_question()
    assert question
    assert "5 tries left." in texts(question)
    assert question.findChild(QFrame, "warning") is None
    question.findChildren(QRadioButton)[1].click()
    QApplication.processEvents()
    assert LAST_TRY in texts(question)
    assert LAST_TRY in question.edit.accessibleDescription()
    assert question.findChild(QFrame, "warning") is not None
    assert cut(question) == []
    question.reject()
    assert waiting.end() is None


@pytest.mark.parametrize(("days", "warned"), [(60, False), (20, True)])
def test_the_question_tells_that_the_certificate_ends_soon(desk: Desk, days: int, warned: bool) -> None:
    choice = replace(CHOICE, valid_until=datetime.now(UTC) + timedelta(days=days))
    waiting = Asker(desk, PinRequest("https://clinic.example", (choice,)))
    question = open_question()
    assert question
    assert ("end soon" in texts(question)) is warned
    assert ("Apply for a new card" in question.edit.accessibleDescription()) is warned
    assert cut(question) == []
    question.reject()
    assert waiting.end() is None


def test_cards_of_one_person_are_told_apart_by_their_numbers(desk: Desk) -> None:
    other = replace(CHOICE, slot="2", card_number="566770001")
    waiting = Asker(desk, PinRequest("https://clinic.example", (CHOICE, other)))
    question = open_question()
    assert question
    lines = [each.text() for each in question.findChildren(QRadioButton)]
    assert [line.rpartition(", ")[2] for line in lines] == ["card 566778899", "card 566770001"]
    question.findChildren(QRadioButton)[1].click()
    question.edit.setText(PIN1)
    question.edit.returnPressed.emit()
    assert waiting.end() == PinAnswer(1, PIN1)


def test_the_question_goes_away_with_the_page_that_asked_and_what_was_typed_too(desk: Desk) -> None:
    waiting = Asker(desk, PinRequest("https://clinic.example", (CHOICE,)))
    question = open_question()
    assert question
    question.edit.setText(PIN1)
    waiting.gone.set()
    assert waiting.end() is None
    assert not question.isVisible()
    assert question.edit.text() == ""
