# SPDX-License-Identifier: EUPL-1.2
"""A drawn card: whose, which, until when, and that it is a test card when it is."""

from __future__ import annotations

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from varmentaja.domain.errors import message
from varmentaja.reader.cards import InsertedCard
from varmentaja.reader.window.look import colours
from varmentaja.reader.window.words import Words

_WIDTH, _HEIGHT = 342.4, 215.9
"""ID-1 of ISO/IEC 7810, 85.60 mm by 53.98 mm, four units to a millimetre."""
_SMALLEST = 11
"""Pixels of a name that does not fit; what is longer still is cut, and told in full beside the picture."""


class CardPicture(QWidget):
    """The card's face, drawn at any size; a screen reader hears it in a sentence."""

    def __init__(self, card: InsertedCard, words: Words) -> None:
        super().__init__()
        certificate = card.certificates[0] if card.certificates else None
        self._holder = certificate.holder if certificate else ""
        self._title = certificate.title if certificate else ""
        self._serial = card.contents.printed_serial
        self._test = card.contents.is_test_card
        self._number_label = words(message("Card number"))
        self._until_label = words(message("Valid until"))
        self._until = words.day(certificate.valid_until) if certificate else ""
        self.setAccessibleName(self._sentence(words))
        self.setFixedSize(self.sizeHint())

    def sizeHint(self) -> QSize:
        """About the size of the card itself on an ordinary screen."""
        return QSize(round(_WIDTH), round(_HEIGHT))

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw it."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.scale(self.width() / _WIDTH, self.height() / _HEIGHT)
        self._draw_face(painter)
        self._draw_texts(painter)
        painter.end()

    def _sentence(self, words: Words) -> str:
        if not self._holder:
            return words(message("Card number %(serial)s", serial=self._serial))
        return words(
            message(
                "The card of %(name)s, %(title)s, number %(serial)s",
                name=self._holder,
                title=self._title or "-",
                serial=self._serial,
            )
        )

    def _draw_face(self, painter: QPainter) -> None:
        c = colours()
        painter.setPen(QPen(QColor(c["depth-base"]), 1))
        painter.setBrush(QBrush(QColor(c["highlight-light3"])))
        painter.drawRoundedRect(QRectF(0.5, 0.5, _WIDTH - 1, _HEIGHT - 1), 12, 12)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QBrush(QColor(c["brand-base"])))
        painter.drawRoundedRect(QRectF(0.5, 0.5, _WIDTH - 1, 40), 12, 12)
        painter.drawRect(QRectF(0.5, 20, _WIDTH - 1, 20.5))
        painter.setBrush(QBrush(QColor(c["warning-base"])))
        painter.drawRoundedRect(QRectF(24, 72, 48, 38), 5, 5)
        painter.setPen(QPen(QColor(c["black-light1"]), 1))
        for y in (84, 97):
            painter.drawLine(24, y, 72, y)
        painter.drawLine(48, 72, 48, 110)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QBrush(QColor(c["depth-light1"])))
        painter.drawRoundedRect(QRectF(_WIDTH - 92, 56, 70, 90), 4, 4)
        painter.setBrush(QBrush(QColor(c["white-base"])))
        painter.drawEllipse(QRectF(_WIDTH - 72, 70, 30, 34))
        painter.drawRoundedRect(QRectF(_WIDTH - 82, 110, 50, 36), 16, 16)

    def _draw_texts(self, painter: QPainter) -> None:
        c = colours()
        self._write(painter, 18, 8, 200, 24, "Varmentaja", c["white-base"], 15, bold=True)
        if self._test:
            painter.setBrush(QBrush(QColor(c["warning-base"])))
            painter.setPen(Qt.PenStyle.NoPen)
            painter.drawRoundedRect(QRectF(_WIDTH - 82, 9, 62, 23), 3, 3)
            self._write(painter, _WIDTH - 82, 9, 62, 23, "TEST", c["black-base"], 14, bold=True, middle=True)
        dark, grey = c["black-base"], c["depth-dark1"]
        self._write(painter, 18, 120, 226, 22, self._holder, dark, 16, bold=True)
        self._write(painter, 18, 143, 226, 20, self._title, dark, 13)
        self._write(painter, 18, 170, 150, 16, self._number_label, grey, 11)
        self._write(painter, 18, 185, 150, 20, self._serial, dark, 14, bold=True)
        if self._until:
            self._write(painter, 178, 170, 150, 16, self._until_label, grey, 11)
            self._write(painter, 178, 185, 156, 20, self._until, dark, 14, bold=True)

    def _write(
        self,
        painter: QPainter,
        x: float,
        y: float,
        width: float,
        height: float,
        words: str,
        colour: str,
        size: int,
        *,
        bold: bool = False,
        middle: bool = False,
    ) -> None:
        font = QFont(self.font())
        font.setBold(bold)
        for pixels in range(size, min(size, _SMALLEST) - 1, -1):  # long names are written smaller
            font.setPixelSize(pixels)
            painter.setFont(font)
            if painter.fontMetrics().horizontalAdvance(words) <= width:
                break
        painter.setPen(QColor(colour))
        fitted = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, round(width))
        across = Qt.AlignmentFlag.AlignHCenter if middle else Qt.AlignmentFlag.AlignLeft
        painter.drawText(QRectF(x, y, width, height), across | Qt.AlignmentFlag.AlignVCenter, fitted)
