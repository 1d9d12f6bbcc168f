# SPDX-License-Identifier: EUPL-1.2
"""The program's windows without a screen, over readers and cards in memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

import pytest
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget
from tests.support.reader_fakes import MemoryCard, MemoryTransport
from tests.support.reader_system import System

from varmentaja.card.driver import CardInUse, CardRemoved
from varmentaja.card.pcsc import ReaderSeen
from varmentaja.domain.errors import Message
from varmentaja.reader.cards import InsertedCard
from varmentaja.reader.events import Events
from varmentaja.reader.observed import Contact, Observed
from varmentaja.reader.pad import Pad
from varmentaja.reader.real_readers import RealReaders
from varmentaja.reader.report import Diagnosis
from varmentaja.reader.window.main_window import MainWindow, Outside
from varmentaja.reader.window.words import Words

NAME = "Reader of a maker 00 00"
SECONDS = 20.0

Refuse: TypeAlias = Callable[[InsertedCard], Message | None]
Observe: TypeAlias = Callable[[InsertedCard], Observed]


class MemoryReaders:
    """The system's card service with one reader in memory; itself the connection to it."""

    def __init__(self) -> None:
        self.is_held = False
        self._insertions = 0
        self._card: MemoryCard | None = None

    def __call__(self) -> MemoryReaders:
        return self

    def insert(self, card: MemoryCard) -> None:
        """Put a card in."""
        card.removed = False
        self._card, self._insertions = card, self._insertions + 1

    def pull(self) -> None:
        """Take it out."""
        if self._card is not None:
            self._card.removed = True
        self._card = None

    @property
    def seen(self) -> tuple[ReaderSeen, ...]:
        """The reader now."""
        return (ReaderSeen(NAME, self._card is not None, False, self._insertions << 16),)

    def watch(self, before: tuple[ReaderSeen, ...], timeout: float) -> tuple[ReaderSeen, ...]:
        """The reader, at once."""
        return self.seen

    def open(self, name: str) -> MemoryTransport:
        """The card's wire, unless another program has it."""
        if self._card is None:
            raise CardRemoved
        if self.is_held:
            raise CardInUse
        return self._card.transport

    def close(self) -> None:
        """Nothing to let go of."""

    def driver(self, _: object) -> MemoryCard:
        """The card itself."""
        assert self._card is not None
        return self._card


class Desk:
    """A window over one reader, or over those of ``readers``. ``look`` lets it notice what has happened."""

    def __init__(
        self,
        refuse: Refuse = lambda _: None,
        observe: Observe | None = None,
        readers: System | None = None,
        *,
        trust: bool = False,
    ) -> None:
        self.system = MemoryReaders()
        self.examined: list[str] = []
        """Names of the readers whose card was to be examined."""
        events = Events()
        self.pad = Pad(events, patience=SECONDS)
        self._seen = readers or self.system
        self.readers = RealReaders(self._seen, self._seen.driver, events, refuse=refuse)
        self.words = Words()
        self.trust_pages: list[str] = []
        """Languages in which the page about trust was to be shown."""
        outside = Outside(observe or silence, self._diagnose, self.trust_pages.append if trust else None)
        self.window = MainWindow(self.readers, self.pad, self.words, outside)

    def look(self) -> None:
        """What the threads that wait for card and PIN pad would bring about."""
        self.readers.take_in(self._seen.seen)
        self.window.refresh()
        QApplication.processEvents()

    def insert(self, card: MemoryCard) -> None:
        """Put a card in, and notice."""
        self.system.insert(card)
        self.look()

    def pull(self) -> None:
        """Take the card out, and notice."""
        self.system.pull()
        self.look()

    def wait_for(self, part_of_title: str) -> None:
        """Until the window's title says so."""
        self.wait_until(lambda: part_of_title in self.window.windowTitle())

    def wait_until(self, true: Callable[[], bool]) -> None:
        """Until it is so; what other threads do comes about meanwhile."""
        end = time.monotonic() + SECONDS
        while not true():
            assert time.monotonic() < end, self.texts
            QApplication.processEvents()
            time.sleep(0.01)

    @property
    def texts(self) -> str:
        """All that can be read in the window."""
        return texts(self.window)

    @property
    def buttons(self) -> list[str]:
        """What the page's buttons are called, to those who do not see where they stand."""
        page = self.window.findChild(QWidget, "page")
        return [each.accessibleName() for each in page.findChildren(QPushButton)] if page else []

    def press(self, name: str) -> None:
        """The button of that name."""
        found = [each for each in self.window.findChildren(QPushButton) if each.accessibleName() == name]
        found[0].click()
        QApplication.processEvents()

    def _diagnose(self, reader: str) -> Diagnosis:
        self.examined.append(reader)
        raise RuntimeError("there is nothing to examine here")

    def close(self) -> None:
        """Let go of everything."""
        self.window.close_all()
        self.window.deleteLater()
        with suppress(RuntimeError):  # the thread that watches was never started here
            self.readers.close()


def texts(widget: QWidget) -> str:
    """What labels say, one a line."""
    return "\n".join(label.text() for label in widget.findChildren(QLabel))


def cut(widget: QWidget) -> list[str]:
    """Texts that do not have the room that they need."""
    return [
        label.text()
        for label in widget.findChildren(QLabel)
        if label.isVisible()
        and (
            label.height() < label.heightForWidth(label.width())
            or label.width() < label.minimumSizeHint().width()
        )
    ]


def silence(_: InsertedCard) -> Observed:
    """What is observed of a card when the service does not answer."""
    return Observed(now=datetime.now(UTC), readers=(NAME,), contact=Contact.READ)


@pytest.fixture(scope="session")
def qt(tmp_path_factory: pytest.TempPathFactory) -> QApplication:
    """Qt, for the whole run; settings are kept away from the person's own."""
    folder = tmp_path_factory.mktemp("qt")
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(folder))
    # By argument: an environment variable would reach the programs that other tests show on a real screen.
    application = QApplication.instance() or QApplication(["tests", "-platform", "offscreen"])
    assert isinstance(application, QApplication)
    application.setQuitOnLastWindowClosed(False)
    return application


@pytest.fixture(autouse=True)
def english(qt: QApplication, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A window in English, in the size that people have at first."""
    monkeypatch.setenv("LC_ALL", "en_FI.UTF-8")
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, str(tmp_path))


@pytest.fixture
def desk() -> Iterator[Desk]:
    with opened() as it:
        yield it


@contextmanager
def opened(
    refuse: Refuse = lambda _: None, observe: Observe | None = None, readers: System | None = None
) -> Iterator[Desk]:
    """A desk that is cleared afterwards."""
    it = Desk(refuse, observe, readers)
    try:
        yield it
    finally:
        it.close()
