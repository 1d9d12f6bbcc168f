# SPDX-License-Identifier: EUPL-1.2
"""Small parts that every page is made of: titles, notes, buttons."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QWidget

_SIGNS = {"info": "i", "success": "✓", "warning": "!", "error": "✕"}


def text(words: str, name: str = "", *, wrap: bool = True) -> QLabel:
    """A piece of text; ``name`` is its kind in the style sheet. Texts from cards are never read as markup."""
    label = QLabel(words)
    label.setObjectName(name)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(wrap)
    label.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
    return label


def note(kind: str, words: str) -> QFrame:
    """Something to notice: ``info``, ``success``, ``warning`` or ``error``; signs say it without colour."""
    frame = QFrame()
    frame.setObjectName(kind)
    frame.setAccessibleName(words)
    row = QHBoxLayout(frame)
    sign = text(_SIGNS[kind], "strong", wrap=False)
    sign.setAlignment(Qt.AlignmentFlag.AlignTop)
    row.addWidget(sign)
    row.addWidget(text(words), 1)
    return frame


def button(words: str, pressed: Callable[[], None], *, primary: bool = False) -> QPushButton:
    """A button that Enter and Space press alike."""
    made = QPushButton(words)
    made.setAutoDefault(True)
    made.setAccessibleName(words)
    made.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Fixed)
    if primary:
        made.setObjectName("primary")
    made.clicked.connect(lambda: pressed())
    return made


def row(*widgets: QWidget) -> QWidget:
    """Widgets side by side, from the left."""
    holder = QWidget()
    layout = QHBoxLayout(holder)
    layout.setContentsMargins(0, 0, 0, 0)
    for widget in widgets:
        layout.addWidget(widget)
    layout.addStretch(1)
    return holder
