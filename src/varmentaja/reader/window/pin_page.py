# SPDX-License-Identifier: EUPL-1.2
"""The page that sets or checks PINs: activation, change, unlock, check. Nothing on it times out."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QVBoxLayout, QWidget

from varmentaja.card.driver import CodeLocked
from varmentaja.domain.errors import DomainError, message
from varmentaja.reader.cards import InsertedCard
from varmentaja.reader.forms import Field, PinForm, judge
from varmentaja.reader.window.card_picture import CardPicture
from varmentaja.reader.window.parts import beside_or_below, button, note, row, text
from varmentaja.reader.window.pin_field import PinField
from varmentaja.reader.window.words import Words
from varmentaja.reader.window.work import Done, Worker

_UNTIL_CHOSEN = 16
"""Octets of a field whose length the card does not limit."""


class Entry(QWidget):
    """One field of the form: label, rules, tries left, the entry itself, and what is said of it."""

    def __init__(self, field: Field, words: Words) -> None:
        super().__init__()
        self.field = field
        self._words = words
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 4, 0, 4)
        label = text(words(field.label), "strong")
        layout.addWidget(label)
        self.edit = PinField(field.max_length or _UNTIL_CHOSEN)
        self.edit.setFixedWidth(self.edit.fontMetrics().averageCharWidth() * 24)
        label.setBuddy(self.edit)
        self.edit.setAccessibleName(label.text())
        self._hint = words(field.hint) if field.hint else ""
        if self._hint:
            layout.addWidget(text(self._hint, "hint"))
        self._tries = text("", "strong")
        layout.addWidget(self._tries)
        layout.addWidget(self.edit)
        self._verdict = text("")
        layout.addWidget(self._verdict)
        self.show_tries(field)
        self.say(None)

    def show_tries(self, field: Field) -> None:
        """How many tries are left now."""
        words = self._words(field.tries) if field.tries else ""
        self._tries.setText(words)
        self._tries.setVisible(bool(words))

    def say(self, verdict: tuple[bool, str] | None) -> None:
        """Tell whether the entry will do; a sign says it without colour."""
        good, words = verdict or (True, "")
        self._verdict.setObjectName("good" if good else "bad")
        self._verdict.setText(f"{'✓' if good else '✕'} {words}" if words else "")
        self._verdict.setVisible(bool(words) or self.field.is_new or self.field.repeats is not None)
        self._verdict.style().unpolish(self._verdict)
        self._verdict.style().polish(self._verdict)
        self.edit.mark_wrong(not good)
        heard = " ".join(filter(None, (self._hint, self._tries.text(), words)))
        self.edit.setAccessibleDescription(heard)


class PinPage(QWidget):
    """A form for one card. ``left`` when the person is through with it: True once it was done."""

    left = Signal(bool)
    settled = Signal()
    """The card has done what it was asked, or refused."""

    def __init__(
        self, card: InsertedCard, make: Callable[[InsertedCard], PinForm], words: Words, worker: Worker
    ) -> None:
        super().__init__()
        self.setObjectName("page")
        self.card = card
        self.make = make
        self._form = make(card)
        self._words = words
        self._worker = worker
        self._note: QWidget | None = None
        self._layout = QVBoxLayout(self)
        self._title = text(words(self._form.title), "title")
        self._layout.addWidget(self._title)
        self.entries = [Entry(field, words) for field in self._form.fields]
        self.submit = button(words(self._form.button), self._send, primary=True)
        self.cancel = button(words(message("Cancel")), lambda: self.left.emit(False))
        columns = beside_or_below(words)
        self._layout.addLayout(columns)
        columns.addLayout(self._fill_in(), 1)
        columns.addWidget(CardPicture(card, words), alignment=Qt.AlignmentFlag.AlignTop)
        self._layout.addStretch(1)
        QShortcut(QKeySequence(Qt.Key.Key_Escape), self, self.cancel.click)

    def _fill_in(self) -> QVBoxLayout:
        """Entries and buttons."""
        column = QVBoxLayout()
        for entry in self.entries:
            column.addWidget(entry)
            entry.edit.textEdited.connect(self._judge)
            entry.edit.returnPressed.connect(lambda entry=entry: self._on_from(entry))
        promise = message("There is no hurry: nothing here times out. What you type is not stored anywhere.")
        column.addWidget(text(self._words(promise), "small"))
        column.addWidget(row(self._words, self.submit, self.cancel))
        return column

    @property
    def is_busy(self) -> bool:
        """Whether the card is at work for this page."""
        return not self.submit.isEnabled()

    def _values(self) -> dict[str, str]:
        return {entry.field.name: entry.edit.text() for entry in self.entries}

    def _judge(self) -> None:
        values = self._values()
        for entry in self.entries:
            verdict = judge(entry.field, values)
            entry.say((verdict[0], self._words(verdict[1])) if verdict else None)

    def _on_from(self, entry: Entry) -> None:
        """Enter goes on to the next entry, and from the last one to the card."""
        if entry is not self.entries[-1]:
            entry.edit.focusNextChild()
        else:
            self._send()

    def _send(self) -> None:
        if self.is_busy:
            return
        values = self._values()
        self._let_type(False)
        self._tell("info", self._words(message("The card is working. Do not pull it out.")))
        self._worker.do(self, lambda: self._form.submit(self.card, values), self._sent)

    def _sent(self, ended: Done[None]) -> None:
        self._let_type(True)
        self._tell(None, "")
        if ended.error is None:
            self.forget()
            self.left.emit(True)
            return
        self._show_refusal(ended.error)
        self.settled.emit()

    def _show_refusal(self, error: DomainError) -> None:
        self.submit.setVisible(not isinstance(error, CodeLocked))  # no try is left
        self._form = self.make(self.card)
        for entry, field in zip(self.entries, self._form.fields, strict=True):
            entry.field = field
            entry.show_tries(field)
        words = self._words(error.message)
        for entry in self.entries:
            if entry.field.name == error.field:
                entry.say((False, words))
                entry.edit.clear()
                entry.edit.setFocus()
                return
        self._tell("error", words)
        self.submit.setFocus()

    def _tell(self, kind: str | None, words: str) -> None:
        if self._note is not None:
            self._note.deleteLater()
            self._note = None
        if kind is not None:
            self._note = note(kind, words)
            self._layout.insertWidget(1, self._note)

    def _let_type(self, allowed: bool) -> None:
        for entry in self.entries:
            entry.edit.setEnabled(allowed)
        self.submit.setEnabled(allowed)
        self.cancel.setEnabled(allowed)

    def forget(self) -> None:
        """Take out what was typed."""
        for entry in self.entries:
            entry.edit.clear()
