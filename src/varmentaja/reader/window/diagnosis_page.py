# SPDX-License-Identifier: EUPL-1.2
"""What is wrong with my card? Each check with what was found and what to do, and a report to copy."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from varmentaja.domain.errors import message
from varmentaja.reader.diagnosis import Finding, Outcome
from varmentaja.reader.report import CHECK_NAMES, OUTCOME_NAMES, Diagnosis, to_copy
from varmentaja.reader.window.parts import button, note, row, text
from varmentaja.reader.window.words import Words
from varmentaja.reader.window.work import Done, Worker

_KINDS = {
    Outcome.OK: "success",
    Outcome.WARNING: "warning",
    Outcome.FAULT: "error",
    Outcome.NOT_CHECKED: "info",
}


class DiagnosisPage(QWidget):
    """Looks when it is opened and when it is asked to look again."""

    left = Signal()

    def __init__(self, reader: str, look: Callable[[str], Diagnosis], words: Words, worker: Worker) -> None:
        """``reader`` is its name, or empty for the first that has a card."""
        super().__init__()
        self.setObjectName("page")
        self.reader = reader
        self._look = look
        self._words = words
        self._worker = worker
        self._diagnosis: Diagnosis | None = None
        layout = QVBoxLayout(self)
        layout.addWidget(text(words(message("What is wrong with my card?")), "title"))
        self._results = QWidget()
        self._results_layout = QVBoxLayout(self._results)
        self._results_layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._results)
        self._copied = text("", "good")
        layout.addWidget(self._copied)
        self._again = button(words(message("Look again")), self._start)
        self._copy = button(words(message("Copy the report")), self._copy_report, primary=True)
        self._back = button(words(message("Back")), self.left.emit)
        layout.addWidget(row(words, self._copy, self._again, self._back))
        layout.addWidget(text(words(message("The report holds no personal data.")), "small"))
        layout.addStretch(1)
        QShortcut(QKeySequence(Qt.Key.Key_Escape), self, self.left.emit)
        self._start()

    def _start(self) -> None:
        self._copied.setText("")
        self._allow(False)
        self._show([note("info", self._words(message("Looking at the reader, the card and the service …")))])
        self._worker.do(self, lambda: self._look(self.reader), self._looked)

    def _looked(self, ended: Done[Diagnosis]) -> None:
        self._allow(True)
        if ended.result is None:
            refusal = ended.error.message if ended.error else message("The examination did not succeed.")
            self._show([note("error", self._words(refusal))])
            return
        self._diagnosis = ended.result
        self._show([self._finding(finding) for finding in ended.result.findings])
        self._copy.setFocus()

    def _finding(self, finding: Finding) -> QWidget:
        say = self._words
        head = f"{say(CHECK_NAMES[finding.name])}: {say(OUTCOME_NAMES[finding.outcome])}. {say(finding.text)}"
        lines = [head, say(finding.advice)] if finding.advice else [head]
        return note(_KINDS[finding.outcome], "\n".join(lines))

    def _show(self, notes: list[QWidget]) -> None:
        while (item := self._results_layout.takeAt(0)) is not None:
            if widget := item.widget():
                widget.deleteLater()
        for each in notes:
            self._results_layout.addWidget(each)

    def _allow(self, allowed: bool) -> None:
        for each in (self._again, self._copy):
            each.setEnabled(allowed)

    def _copy_report(self) -> None:
        if self._diagnosis:
            QApplication.clipboard().setText(to_copy(self._diagnosis, self._words.language))
            self._copied.setText(f"✓ {self._words(message('The report is on the clipboard.'))}")
