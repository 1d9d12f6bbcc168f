# SPDX-License-Identifier: EUPL-1.2
"""The window that asks for a PIN when a page or program wants a signature: who asks, what for, which card."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import QButtonGroup, QDialog, QRadioButton, QVBoxLayout, QWidget

from varmentaja.card.driver import KeyRole
from varmentaja.domain.errors import DomainError, Message, message
from varmentaja.reader.diagnosis import end_warning
from varmentaja.reader.forms import tries_text
from varmentaja.reader.pad import Pad, PendingPin
from varmentaja.reader.prompts import KeyChoice, PinAnswer
from varmentaja.reader.window.parts import button, note, row, text
from varmentaja.reader.window.pin_field import PinField
from varmentaja.reader.window.words import Words

_LONGEST = 16
_BREAKS = re.compile(r"[./:-]")
"""Where a long address goes on in the next line: its end, which tells whose it is, must be in sight."""
_WARNING = message("Give your PIN only if you yourself asked for this just now, and know the address above.")


class Question(QDialog):
    """One question; stays in front of the browser until it is answered, cancelled or no longer asked."""

    def __init__(self, pad: Pad, pending: PendingPin, words: Words) -> None:
        super().__init__()
        self.number = pending.number
        self._pad = pad
        self._words = words
        self._notes: list[QWidget] = []
        request = self._request = pending.request
        self.setWindowFlag(Qt.WindowType.WindowStaysOnTopHint)
        asked = words(message("A PIN is asked"))
        self.setWindowTitle(f"{words(message('Error'))}: {asked}" if request.error else asked)
        layout = self._layout = QVBoxLayout(self)
        layout.addWidget(text(words(_title(request.choices)), "title"))
        if request.error:
            layout.addWidget(note("error", words(request.error)))
        layout.addWidget(text(words(message("Who asks")), "hint"))
        self._asker = request.asker or words(message("A program on this computer"))
        layout.addWidget(text(_BREAKS.sub("\\g<0>\u200b", self._asker), "heading"))
        layout.addWidget(text(words(message("What for")), "hint"))
        self._choices = QButtonGroup(self)
        for index, choice in enumerate(request.choices):
            line = self._line(choice)
            if len(request.choices) == 1:
                layout.addWidget(text(line))
            else:
                radio = QRadioButton(line)
                radio.setChecked(index == 0)
                self._choices.addButton(radio, index)
                layout.addWidget(radio)
        layout.addWidget(text(words(_WARNING), "small"))
        label = text(_pin_name(request.choices), "strong")
        layout.addWidget(label)
        self.edit = PinField(_LONGEST)
        label.setBuddy(self.edit)
        self.edit.setAccessibleName(label.text())
        layout.addWidget(self.edit)
        self.edit.returnPressed.connect(self._answer)
        ok = button(words(message("OK")), self._answer, primary=True)
        cancel = button(words(message("Cancel")), self.reject)
        for each in (ok, cancel):
            each.setAutoDefault(False)
        layout.addWidget(row(words, ok, cancel))
        self._choices.idClicked.connect(lambda _: self._tell_of_choice())
        self.setMinimumWidth(self.fontMetrics().averageCharWidth() * 70)
        self._tell_of_choice()

    def come_to_front(self) -> None:
        """Show the window over whatever is there."""
        self.show()
        self.raise_()
        self.activateWindow()
        QTimer.singleShot(0, self.edit.setFocus)

    def reject(self) -> None:
        """Escape, Cancel, or the window's own cross: no PIN."""
        self._end(lambda: self._pad.cancel(self.number))

    def withdraw(self) -> None:
        """Nobody asks any more."""
        self.edit.clear()
        super().reject()

    def closeEvent(self, event: QCloseEvent) -> None:
        """The same as Cancel."""
        self.reject()
        event.accept()

    def _line(self, choice: KeyChoice) -> str:
        signs_in = choice.role is KeyRole.AUTHENTICATION
        use = message("Signing in (PIN 1)") if signs_in else message("Signing documents (PIN 2)")
        number = message("card %(number)s", number=choice.card_number)
        card = self._words(number) if self._request.has_several_cards else ""
        return f"{self._words(use)}: {', '.join(filter(None, (choice.holder, choice.title, card)))}"

    @property
    def _chosen(self) -> int:
        return max(0, self._choices.checkedId())  # -1 where there is nothing to choose

    def _tell_of_choice(self) -> None:
        """That the certificate ends soon, and how many tries the PIN has that is asked now."""
        for old in self._notes:
            old.hide()
            old.deleteLater()
        choice = self._request.choices[self._chosen]
        told: list[str] = []
        self._notes = []
        if (soon := end_warning(choice.valid_until, datetime.now(UTC))) and soon.advice:
            told.append(f"{self._words(soon.text)} {self._words(soon.advice)}")
            self._notes.append(note("warning", told[-1]))
        if tries := tries_text(choice.tries_left):
            told.append(self._words(tries))
            is_last = choice.tries_left == 1
            self._notes.append(note("warning", told[-1]) if is_last else text(told[-1], "small"))
        for each in self._notes:
            self._layout.insertWidget(self._layout.indexOf(self.edit), each)
            each.show()  # a layout gives no room to what is not shown yet
        self.edit.setAccessibleDescription(" ".join([f"{self._asker}.", self._words(_WARNING), *told]))
        self._fit()

    def _fit(self) -> None:
        """As large as all of the text needs: who asks is never cut."""
        width = max(
            self.minimumWidth(), self.width() if self.isVisible() else 0, self._layout.minimumSize().width()
        )
        self.setMinimumHeight(self._layout.heightForWidth(width))
        self.resize(width, self.minimumHeight())

    def _answer(self) -> None:
        pin = self.edit.text()
        if not pin:
            return
        answer = PinAnswer(self._chosen, pin)
        self._end(lambda: self._pad.answer(self.number, answer))

    def _end(self, tell_pad: Callable[[], None]) -> None:
        self.edit.clear()
        with suppress(DomainError):  # the question was withdrawn meanwhile
            tell_pad()
        super().reject()


def _title(choices: tuple[KeyChoice, ...]) -> Message:
    if len(choices) > 1:
        return message("Give a PIN")
    if choices[0].role is KeyRole.AUTHENTICATION:
        return message("Give PIN 1 to sign in")
    return message("Give PIN 2 to sign a document")


def _pin_name(choices: tuple[KeyChoice, ...]) -> str:
    if len(choices) > 1:
        return "PIN"
    return "PIN 1" if choices[0].role is KeyRole.AUTHENTICATION else "PIN 2"
