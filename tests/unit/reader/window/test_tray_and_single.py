# SPDX-License-Identifier: EUPL-1.2
"""The icon beside the clock, and one program for a person."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import QLockFile
from PySide6.QtWidgets import QApplication, QMenu, QSystemTrayIcon
from tests.support.reader_fakes import MemoryCard, TinyHierarchy
from tests.unit.reader.window.conftest import Desk

from varmentaja.domain.errors import DomainError, Kind
from varmentaja.reader import diagnosis
from varmentaja.reader.window.single import Single
from varmentaja.reader.window.tray import Tray


@pytest.fixture
def quits(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """One entry each time the program is told to end."""
    told: list[bool] = []
    monkeypatch.setattr(QApplication, "quit", lambda *_: told.append(True))
    return told


def actions(tray: Tray) -> list[str]:
    return [action.text() for action in tray.icon.contextMenu().actions()]


def test_the_menu_speaks_the_language_of_the_window(desk: Desk) -> None:
    tray = Tray(desk.window, desk.words)
    assert actions(tray) == ["Open", "Quit"]
    desk.words.speak("fi")
    assert actions(tray) == ["Avaa", "Lopeta"]
    assert tray.icon.toolTip() == "Varmentajan kortinlukijaohjelmisto"
    tray.hide()


@pytest.mark.parametrize("has_tray", [True, False])
def test_a_closed_window_leaves_the_program_in_the_tray_and_ends_it_where_there_is_none(
    desk: Desk, quits: list[bool], monkeypatch: pytest.MonkeyPatch, has_tray: bool
) -> None:
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: has_tray)
    tray = Tray(desk.window, desk.words)
    desk.window.show()
    desk.window.close()
    assert quits == ([] if has_tray else [True])
    tray.icon.contextMenu().actions()[0].trigger()
    assert desk.window.isVisible()
    tray.hide()


@pytest.mark.parametrize("has_tray", [True, False])
def test_a_program_that_starts_hidden_keeps_its_window_out_of_the_way_until_a_fresh_card_comes(
    desk: Desk, hierarchy: TinyHierarchy, monkeypatch: pytest.MonkeyPatch, has_tray: bool
) -> None:
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: has_tray)
    tray = Tray(desk.window, desk.words)
    tray.wait()
    desk.insert(MemoryCard(hierarchy))
    assert desk.window.isMinimized() or not desk.window.isVisible()
    assert desk.window.isVisible() is not has_tray
    desk.pull()
    desk.insert(MemoryCard(hierarchy, activated=False))
    assert desk.window.isVisible()
    assert not desk.window.isMinimized()
    tray.hide()


@pytest.mark.parametrize("is_seen", [True, False])
def test_a_card_that_ends_soon_is_told_beside_the_clock_to_who_does_not_see_the_window(
    desk: Desk, memory_card: MemoryCard, monkeypatch: pytest.MonkeyPatch, is_seen: bool
) -> None:
    told: list[str] = []
    monkeypatch.setattr(
        QSystemTrayIcon, "showMessage", lambda _self, _title, words, _icon: told.append(words)
    )
    monkeypatch.setattr(diagnosis, "ENDS_SOON", timedelta(days=36_500))
    tray = Tray(desk.window, desk.words)
    desk.window.warned.connect(tray.tell)
    if is_seen:
        desk.window.show()
    desk.insert(memory_card)
    desk.look()
    assert len(told) == (0 if is_seen else 1), "once for each time that the card is put in"
    desk.window.hide()
    desk.pull()
    desk.insert(memory_card)
    assert len(told) == (1 if is_seen else 2)
    assert "end soon" in told[-1] and "Apply for a new card" in told[-1]
    tray.hide()


def test_quit_ends_the_program(desk: Desk, quits: list[bool]) -> None:
    tray = Tray(desk.window, desk.words)
    menu = tray.icon.contextMenu()
    assert isinstance(menu, QMenu)
    menu.actions()[1].trigger()
    assert quits == [True]
    tray.hide()


def test_who_comes_after_the_first_has_left_is_the_one(qt: QApplication, tmp_path: Path) -> None:
    first, second = Single(tmp_path / "run"), Single(tmp_path / "run")
    assert first.take()
    first.close()
    assert second.take()
    second.close()


def test_a_first_program_that_does_not_answer_is_told_of(
    qt: QApplication, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("varmentaja.reader.window.single._PATIENCE", 200)
    first, second = Single(tmp_path), Single(tmp_path)
    assert first.take()  # in this very thread: it cannot answer while the second waits
    with pytest.raises(DomainError, match="open already, but it does not answer") as told:
        second.take()
    assert told.value.kind is Kind.UNAVAILABLE
    first.close()


def test_a_lock_that_a_killed_program_left_is_taken_over(qt: QApplication, tmp_path: Path) -> None:
    (tmp_path / "window.lock").write_text("4194305\nvarmentaja\nhost\n")  # no process has that number
    (tmp_path / "window.sock").write_text("")
    first = Single(tmp_path)
    assert first.take()
    assert not QLockFile(str(tmp_path / "window.lock")).tryLock(0)
    first.close()
