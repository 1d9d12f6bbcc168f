# SPDX-License-Identifier: EUPL-1.2
"""The first page: every reader with the card in it, or why there is none."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial

from PySide6.QtWidgets import QVBoxLayout, QWidget

from varmentaja.domain.errors import Message, message
from varmentaja.reader.real_readers import RealSlot
from varmentaja.reader.report import model_of
from varmentaja.reader.window.card_panel import CardPanel, Choices
from varmentaja.reader.window.parts import button, note, row, text
from varmentaja.reader.window.words import Words


class HomePage(QWidget):
    """Readers and cards at one moment; made anew when something changes."""

    def __init__(
        self,
        slots: tuple[RealSlot, ...],
        trouble: Message | None,
        said: tuple[str, Message] | None,
        words: Words,
        choices: Choices,
        now: datetime,
        *,
        diagnose: Callable[[str], None],
    ) -> None:
        """``said``: kind and text of what has just happened; ``diagnose`` is told the name of the reader."""
        super().__init__()
        self.setObjectName("page")
        self._words = words
        layout = QVBoxLayout(self)
        layout.addWidget(text(words(message("Card and reader")), "title"))
        if said:
            layout.addWidget(note(said[0], words(said[1])))
        if trouble:
            layout.addWidget(note("error", words(trouble)))
        elif not slots:
            missing = message("No card reader was found. Plug a reader in; it is found by itself.")
            layout.addWidget(note("info", words(missing)))
        names = names_of(slots)
        ask = words(message("What is wrong with my card?"))
        for slot in slots:
            panel = CardPanel(slot, names[slot.name], words, choices, now)
            layout.addWidget(panel)
            if len(slots) > 1:  # then it has to be said which card is meant
                panel.add(button(ask, partial(diagnose, slot.name), about=names[slot.name]))
        if len(slots) <= 1:
            layout.addWidget(row(words, button(ask, partial(diagnose, ""))))
        self._below = QVBoxLayout()
        layout.addLayout(self._below)
        layout.addStretch(1)

    def add(self, name: Message, act: Callable[[], None]) -> None:
        """Something more that can be done, of which no reader is the matter."""
        self._below.addWidget(row(self._words, button(self._words(name), act)))


def names_of(slots: tuple[RealSlot, ...]) -> dict[str, str]:
    """What each reader is called: its model, and a number where there are several of one model."""
    models = [model_of(slot.name) for slot in slots]
    return {
        slot.name: model if models.count(model) == 1 else f"{model} {models[:index].count(model) + 1}"
        for index, (slot, model) in enumerate(zip(slots, models, strict=True))
    }
