# SPDX-License-Identifier: EUPL-1.2
"""What the windows say, in the language that the person chose; the choice and the text size are kept."""

from __future__ import annotations

import locale
import os
from datetime import datetime

from PySide6.QtCore import QObject, QSettings, Signal

from varmentaja.domain.errors import Message
from varmentaja.reader.texts import LANGUAGES, day, say
from varmentaja.reader.window.look import SCALES

_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")


class Words(QObject):
    """Speaks; ``changed`` tells that everything has to be said again."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._kept = QSettings(QSettings.Format.IniFormat, QSettings.Scope.UserScope, "varmentaja", "reader")
        language = str(self._kept.value("language", ""))
        self.language = language if language in LANGUAGES else _system_language()
        scale = str(self._kept.value("text_size", ""))
        self.scale = int(scale) if scale.isdigit() and int(scale) in SCALES else SCALES[0]

    def __call__(self, text: Message) -> str:
        """A message in the person's language."""
        return say(text, self.language)

    def day(self, moment: datetime) -> str:
        """A date as people of that language write it."""
        return day(moment, self.language)

    def speak(self, language: str) -> None:
        """Choose another language."""
        self.language = language
        self._kept.setValue("language", language)
        self.changed.emit()

    def resize(self, step: int) -> None:
        """The next larger (+1) or smaller (-1) text size; 0 is the system's own."""
        index = SCALES.index(self.scale) + step if step else 0
        self.scale = SCALES[max(0, min(index, len(SCALES) - 1))]
        self._kept.setValue("text_size", str(self.scale))
        self.changed.emit()


def _system_language() -> str:
    names = [os.environ.get(name, "") for name in _VARIABLES] + [locale.getlocale()[0] or ""]
    codes = [name[:2].lower() for name in names if name]
    return next((code for code in codes if code in LANGUAGES), "en")
