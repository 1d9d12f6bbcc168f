# SPDX-License-Identifier: EUPL-1.2
"""Small parts that every page is made of: titles, notes, buttons."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QAccessibleEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

from varmentaja.reader.window.words import Words

_LARGE = 150
"""Per cent of the usual text size."""
_SIGNS = {"info": "i", "success": "✓", "warning": "!", "error": "✕"}


def text(words: str, name: str = "", *, wrap: bool = True) -> QLabel:
    """A piece of text; ``name`` is its kind in the style sheet. Texts from cards are never read as markup."""
    label = QLabel(words)
    label.setObjectName(name)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(wrap)
    return label


def note(kind: str, words: str) -> QFrame:
    """Something to notice: ``info``, ``success``, ``warning`` or ``error``; the sign tells it too."""
    frame = QFrame()
    frame.setObjectName(kind)
    frame.setAccessibleName(words)
    row = QHBoxLayout(frame)
    sign = text(_SIGNS[kind], "strong", wrap=False)
    sign.setAlignment(Qt.AlignmentFlag.AlignTop)
    row.addWidget(sign)
    row.addWidget(text(words), 1)
    QAccessible.updateAccessibility(QAccessibleEvent(frame, QAccessible.Event.Alert))
    return frame


def button(words: str, pressed: Callable[[], None], *, primary: bool = False, about: str = "") -> QPushButton:
    """A button that Enter and Space press alike. ``about`` says what it concerns to who can't see that."""
    made = QPushButton(words)
    made.setAutoDefault(True)
    made.setAccessibleName(f"{about}: {words}" if about else words)
    made.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
    if primary:
        made.setObjectName("primary")
    made.clicked.connect(lambda: pressed())
    return made


def beside_or_below(words: Words) -> QBoxLayout:
    """Two parts side by side, or one below the other where the text is large."""
    across = words.scale < _LARGE
    return QBoxLayout(QBoxLayout.Direction.LeftToRight if across else QBoxLayout.Direction.TopToBottom)


def row(words: Words, *widgets: QWidget) -> QWidget:
    """Widgets side by side, from the left, or one below the other where the text is large."""
    holder = QWidget()
    layout = beside_or_below(words)
    holder.setLayout(layout)
    layout.setContentsMargins(0, 0, 0, 0)
    for widget in widgets:
        layout.addWidget(widget)
    layout.addStretch(1)
    return holder
