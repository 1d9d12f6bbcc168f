# SPDX-License-Identifier: EUPL-1.2
"""The program's window: one page at a time, the language, the text size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QCloseEvent, QKeySequence, QShortcut, QShowEvent
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QHBoxLayout,
    QMainWindow,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from varmentaja.domain.errors import Message, message
from varmentaja.reader import forms
from varmentaja.reader.cards import InsertedCard
from varmentaja.reader.observed import Observed
from varmentaja.reader.pad import Pad
from varmentaja.reader.real_readers import RealReaders
from varmentaja.reader.report import Diagnosis
from varmentaja.reader.right_to_use import ending
from varmentaja.reader.texts import LANGUAGES
from varmentaja.reader.window.card_panel import Choices, MakeForm
from varmentaja.reader.window.diagnosis_page import DiagnosisPage
from varmentaja.reader.window.home_page import HomePage
from varmentaja.reader.window.look import style_sheet
from varmentaja.reader.window.parts import button, text
from varmentaja.reader.window.pin_field import PinField
from varmentaja.reader.window.pin_page import PinPage
from varmentaja.reader.window.question import Question
from varmentaja.reader.window.statuses import Statuses
from varmentaja.reader.window.words import Words
from varmentaja.reader.window.work import Worker

LEAST_POINTS = 11.0
"""Smallest text, whatever the system says."""
SIZE = QSize(960, 860)
"""Pixels of a window that nobody has resized, where the screen is as large: a card and its certificates side
by side, the whole form of an activation."""


@dataclass(frozen=True, slots=True)
class Outside:
    """What takes its time: other threads call these."""

    observe: Callable[[InsertedCard], Observed]
    """What the service says of a card."""
    diagnose: Callable[[str], Diagnosis]
    """What is wrong with the card in the reader of this name; with an empty one, in the first that has a
    card."""
    trust_page: Callable[[str], None] | None = None
    """Show in the browser, in this language, how it comes to trust the program."""


_DONE: dict[MakeForm, Message] = {
    forms.activation: message(
        "The card is activated. You can now sign in with PIN 1 and sign documents with PIN 2."
    ),
}


class MainWindow(QMainWindow):
    """Shows what the readers and the PIN pad tell; ``refresh`` when they tell something new."""

    closed = Signal()
    """The person has closed the window."""
    warned = Signal(str)
    """Something to notice about the card that was put in, while nobody looks at the window."""

    def __init__(self, readers: RealReaders, pad: Pad, words: Words, outside: Outside) -> None:
        super().__init__()
        self._readers = readers
        self._pad = pad
        self._words = words
        self._outside = outside
        self._cards = Worker(self)
        self._statuses = Statuses(outside.observe, self._is_seen)
        self._statuses.changed.connect(self.refresh)
        self._offered: list[InsertedCard] = []
        self._warned_of: list[InsertedCard] = []
        self._said: tuple[str, Message] | None = None
        self._shown: object = None
        self._page: QWidget = QWidget()
        self._question: Question | None = None
        self._points = max(QApplication.font().pointSizeF(), LEAST_POINTS)
        self._build()
        self.resize(SIZE.boundedTo(self.screen().availableSize()))
        words.changed.connect(self._say_again)
        self._say_again()

    def _build(self) -> None:
        self._bar = QWidget()
        self._bar.setObjectName("bar")
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        whole = QWidget()
        layout = QVBoxLayout(whole)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._bar)
        layout.addWidget(self._scroll, 1)
        self.setCentralWidget(whole)
        bar = QHBoxLayout(self._bar)
        bar.addWidget(text("Varmentaja", wrap=False))
        bar.addStretch(1)
        self._smaller = button("A−", lambda: self._words.resize(-1))
        self._larger = button("A+", lambda: self._words.resize(+1))
        self._language = QComboBox()
        for code, name in LANGUAGES.items():
            self._language.addItem(name, code)
        self._language.setCurrentIndex(list(LANGUAGES).index(self._words.language))
        self._language.activated.connect(lambda _: self._words.speak(self._language.currentData()))
        for widget in (self._smaller, self._larger, self._language):
            bar.addWidget(widget)
        for keys, step in ((QKeySequence.StandardKey.ZoomIn, 1), (QKeySequence.StandardKey.ZoomOut, -1)):
            QShortcut(keys, self, lambda step=step: self._words.resize(step))
        QShortcut(QKeySequence.StandardKey.HelpContents, self, lambda: self._diagnose(""))
        QShortcut(QKeySequence("Ctrl+0"), self, lambda: self._words.resize(0))

    def refresh(self) -> None:
        """Something happened in a reader or on the PIN pad."""
        self._show_question()
        self._statuses.keep([slot.card for slot in self._readers.slots if slot.card])
        if isinstance(self._page, PinPage) and not self._page.is_busy and not self._page.card.is_present:
            removed = message("The card was removed from the reader. Insert it and try again.")
            self._said = ("warning", removed)
            self._show_home()
        elif isinstance(self._page, HomePage):
            self._show_home()
        if isinstance(self._page, HomePage):
            self._offer_activation()
        self._warn_of_end()

    def close_all(self) -> None:
        """Take everything away; what a card does just now is finished first."""
        if self._question:
            self._question.reject()
        if isinstance(self._page, PinPage):
            self._page.forget()
        self._statuses.close()
        self._cards.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Nothing typed stays behind in a closed window."""
        if isinstance(self._page, PinPage) and not self._page.is_busy:
            self._show_home()
        super().closeEvent(event)
        self.closed.emit()

    def showEvent(self, event: QShowEvent) -> None:
        """What is seen now is to be true now."""
        super().showEvent(event)
        self._statuses.ask_again()

    def changeEvent(self, event: QEvent) -> None:
        """The same when the person turns to a window that was open all the time."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.ActivationChange and self.isActiveWindow():
            self._statuses.ask_again()

    def _is_seen(self) -> bool:
        return self.isVisible() and not self.isMinimized()

    def _say_again(self) -> None:
        """Language or text size has changed."""
        QApplication.instance().setStyleSheet(style_sheet(self._points * self._words.scale / 100))  # type: ignore[union-attr]  # it exists
        self._smaller.setAccessibleName(self._words(message("Smaller text")))
        self._larger.setAccessibleName(self._words(message("Larger text")))
        self._language.setAccessibleName(self._words(message("Language")))
        if isinstance(self._page, PinPage) and self._page.is_busy:
            return
        if isinstance(self._page, PinPage):
            self._open_form(self._page.card, self._page.make)
        elif isinstance(self._page, DiagnosisPage):
            self._diagnose(self._page.reader)
        else:
            self._show_home()

    def _show_question(self) -> None:
        pending = self._pad.pending
        if self._question and (pending is None or pending.number != self._question.number):
            self._question.withdraw()
            self._question = None
        if pending and self._question is None:
            self._question = Question(self._pad, pending, self._words)
            self._question.come_to_front()

    def _show_home(self) -> None:
        slots = self._readers.slots
        cards = [slot.card for slot in slots if slot.card]
        of_cards = [(card.contents, card.refusal, self._statuses.of(card)) for card in cards]
        shown = (
            slots,
            of_cards,
            self._readers.trouble,
            self._said,
            self._words.language,
            self._words.scale,
        )
        if isinstance(self._page, HomePage) and shown == self._shown:
            return
        self._shown = shown
        choices = Choices(self._open_form, self._statuses.of)
        now = datetime.now(UTC)
        page = HomePage(
            slots, self._readers.trouble, self._said, self._words, choices, now, diagnose=self._diagnose
        )
        if (show := self._outside.trust_page) is not None:
            page.add(message("Let your browser trust this program"), lambda: show(self._words.language))
        self._put(page, message("Card and reader"))

    def _put(self, page: QWidget, title: Message) -> None:
        """Show a page. Focus goes to its first field or button, or stays where it was on the same page."""
        focus = QApplication.focusWidget()
        is_elsewhere = focus is not None and not self._page.isAncestorOf(focus)
        is_same_kind, name = type(page) is type(self._page), focus.accessibleName() if focus else ""
        self._page = page
        self._scroll.setWidget(page)
        self.setWindowTitle(f"{self._words(title)} – Varmentaja")
        controls: list[QWidget] = [*page.findChildren(PinField), *page.findChildren(QPushButton)]
        target = next((each for each in controls if each.accessibleName() == name), None)
        if target is None and not (is_same_kind and is_elsewhere):
            target = next(iter(controls), None)
        if target:
            QTimer.singleShot(0, target, target.setFocus)  # once the page before is gone with its focus

    def _offer_activation(self) -> None:
        """A fresh card is activated without asking for it; a person who cancels is not asked again."""
        cards = self._readers.cards()
        self._offered = [card for card in self._offered if card.is_present]
        for card in cards:
            if card.contents.can_be_activated and card not in self._offered and card.refusal is None:
                self._offered.append(card)
                self._open_form(card, forms.activation)
                self.come_to_front()
                return

    def _warn_of_end(self) -> None:
        """Once each time that a card is put in whose certificates end within a month; who has the window in
        sight reads it there."""
        cards = self._readers.cards()
        self._warned_of = [card for card in self._warned_of if card.is_present]
        for card in cards:
            if card in self._warned_of:
                continue
            self._warned_of.append(card)
            soon = ending(card, now=datetime.now(UTC))
            if soon and soon.advice and not self._is_seen():
                self.warned.emit(f"{self._words(soon.text)} {self._words(soon.advice)}")

    def come_to_front(self) -> None:
        """Show the window over whatever is there."""
        self.setWindowState(self.windowState() & ~Qt.WindowState.WindowMinimized)
        self.show()
        self.raise_()
        self.activateWindow()

    def _open_form(self, card: InsertedCard, make: MakeForm) -> None:
        page = PinPage(card, make, self._words, self._cards)
        page.left.connect(lambda done: self._leave_form(make if done else None))
        page.settled.connect(lambda: self._refused(make(card).title))
        self._said = None
        self._put(page, make(card).title)

    def _refused(self, title: Message) -> None:
        """The title tells of an error first, as a screen reader speaks it."""
        self.setWindowTitle(f"{self._words(message('Error'))}: {self._words(title)} – Varmentaja")
        self.refresh()

    def _leave_form(self, done: MakeForm | None) -> None:
        self._said = ("success", _DONE.get(done, message("Done."))) if done else None
        self._show_home()
        self.refresh()

    def _diagnose(self, reader: str) -> None:
        page = DiagnosisPage(reader, self._outside.diagnose, self._words, self._cards)
        page.left.connect(self._show_home)
        self._said = None
        self._put(page, message("What is wrong with my card?"))
