# SPDX-License-Identifier: EUPL-1.2
"""A field for PINs: digits alone, and nothing goes from it to the clipboard or comes from there."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QClipboard, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLineEdit
from tests.support.reader_fakes import PIN1

from varmentaja.reader.window.pin_field import PinField

ELSEWHERE = "864209"
MODES = (QClipboard.Mode.Clipboard, QClipboard.Mode.Selection)
CONTROL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def field(qt: QApplication) -> Iterator[PinField]:
    it = PinField(8)
    it.show()
    it.setFocus()
    for mode in MODES:
        QApplication.clipboard().setText(ELSEWHERE, mode)
    yield it
    it.close()


def clipboards() -> set[str]:
    return {QApplication.clipboard().text(mode) for mode in MODES} - {""}


def press(field: QLineEdit, *keys: QKeySequence.StandardKey) -> None:
    """All the ways in which this system writes these commands."""
    for key in keys:
        for sequence in QKeySequence.keyBindings(key):
            combination = sequence[0]
            QTest.keyClick(field, combination.key(), combination.keyboardModifiers())


def test_digits_are_taken_and_nothing_else(field: PinField) -> None:
    QTest.keyClicks(field, "2a5 8-0")
    assert field.text() == PIN1
    assert PIN1 not in field.displayText()


def test_an_ordinary_field_would_take_and_give(qt: QApplication) -> None:
    """So that the tests below could fail."""
    it = QLineEdit()
    it.show()
    QApplication.clipboard().setText(ELSEWHERE)
    press(it, QKeySequence.StandardKey.Paste)
    assert ELSEWHERE in it.text()
    it.setText(PIN1)
    it.selectAll()
    press(it, QKeySequence.StandardKey.Copy)
    assert QApplication.clipboard().text() == PIN1
    it.close()


def test_nothing_comes_from_the_clipboard(field: PinField) -> None:
    press(field, QKeySequence.StandardKey.Paste)
    QTest.mouseClick(field, Qt.MouseButton.MiddleButton, Qt.KeyboardModifier.NoModifier, QPoint(5, 5))
    assert field.text() == ""
    assert not field.acceptDrops()


def test_nothing_goes_to_the_clipboard(field: PinField) -> None:
    QTest.keyClicks(field, PIN1)
    field.selectAll()
    press(field, QKeySequence.StandardKey.Copy, QKeySequence.StandardKey.Cut)
    assert field.text() == PIN1
    assert PIN1 not in clipboards()
    assert not field.dragEnabled()
    assert field.createMimeData().formats() == []
    assert field.contextMenuPolicy() is Qt.ContextMenuPolicy.NoContextMenu


def test_what_was_taken_out_does_not_come_back(field: PinField) -> None:
    QTest.keyClicks(field, PIN1)
    field.clear()
    press(field, QKeySequence.StandardKey.Undo, QKeySequence.StandardKey.Redo)
    assert field.text() == ""
