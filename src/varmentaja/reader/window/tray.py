# SPDX-License-Identifier: EUPL-1.2
"""The icon beside the clock: the program stays there when its window is closed. Without such a place, closing
the window ends the program."""

from __future__ import annotations

from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QIcon, QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QMenu, QSystemTrayIcon

from varmentaja.domain.errors import message
from varmentaja.reader.window.look import colours
from varmentaja.reader.window.main_window import MainWindow
from varmentaja.reader.window.words import Words

_SIZE = 64


def icon() -> QIcon:
    """A card with its chip."""
    picture = QPixmap(_SIZE, _SIZE)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QBrush(QColor(colours()["brand-base"])))
    painter.drawRoundedRect(QRectF(2, 12, 60, 40), 6, 6)
    painter.setBrush(QBrush(QColor(colours()["warning-base"])))
    painter.drawRoundedRect(QRectF(10, 24, 18, 14), 3, 3)
    painter.end()
    return QIcon(picture)


class Tray:
    """The icon and its menu."""

    def __init__(self, window: MainWindow, words: Words) -> None:
        self._window = window
        self._words = words
        QApplication.setWindowIcon(icon())
        self.icon = QSystemTrayIcon(icon())
        self._menu = QMenu()
        self.icon.setContextMenu(self._menu)
        self.icon.activated.connect(lambda _: self._window.come_to_front())
        self.icon.messageClicked.connect(self._window.come_to_front)
        window.closed.connect(self._closed)
        words.changed.connect(self._say_again)
        self._say_again()
        self.icon.show()

    def wait(self) -> None:
        """Keep the window out of the way: in the tray, or where there is none, among the windows' icons."""
        if not QSystemTrayIcon.isSystemTrayAvailable():
            self._window.showMinimized()

    def tell(self, words: str) -> None:
        """A message that goes away by itself; pressed, it opens the window."""
        title = self._words(message("Varmentaja card reader program"))
        self.icon.showMessage(title, words, QSystemTrayIcon.MessageIcon.Warning)

    def hide(self) -> None:
        """Take the icon away."""
        self.icon.hide()

    def _say_again(self) -> None:
        self.icon.setToolTip(self._words(message("Varmentaja card reader program")))
        self._menu.clear()
        self._menu.addAction(self._words(message("Open")), self._window.come_to_front)
        self._menu.addAction(self._words(message("Quit")), QApplication.quit)

    def _closed(self) -> None:
        if not QSystemTrayIcon.isSystemTrayAvailable():
            QApplication.quit()
