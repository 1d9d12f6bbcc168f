# SPDX-License-Identifier: EUPL-1.2
"""The observer's record: a line for each round, only ever appended, and a report drawn from the lines.

``rounds/<day>.jsonl`` (UTC days) is kept as long as data/observer.toml says. A line that a power cut or full
disk tore is passed over when the record is read; so is one that stands there again: it had gone down whole
though an error was told.
"""

from __future__ import annotations

import json
import os
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from varmentaja.domain.availability import Outage, Round, limits
from varmentaja.domain.availability_record import (
    History,
    Report,
    read_round,
    report_document,
    round_document,
)
from varmentaja.files import write_over

REPORT = "report.json"
_MOST_WAITING = 24 * 60
"""Rounds, of a day; a disk that is full for longer costs the oldest."""


class Record:
    """The record in a folder; one process writes it."""

    def __init__(self, folder: Path, now: datetime) -> None:
        self._folder = folder
        self._rounds = folder / "rounds"
        self._rounds.mkdir(parents=True, exist_ok=True)
        self._history = History()
        self._waiting: deque[Round] = deque(maxlen=_MOST_WAITING)
        """Counted, not written yet."""
        self._prune(now)
        for found in self._read():
            self._history.add(found)

    def add(self, found: Round) -> tuple[list[Outage], list[Outage]]:
        """Count a round; the outages that are believed since now, and those over. ``publish`` writes it."""
        self._waiting.append(found)
        return self._history.add(found)

    @property
    def report(self) -> Report | None:
        """What is known; None before the first round."""
        return self._history.report()

    def publish(self) -> Report:
        """Write down the rounds that wait, and what is known after them."""
        while self._waiting:
            self._append(self._waiting[0])
            self._waiting.popleft()
        report = self.report
        assert report is not None, "a round was added"
        document = json.dumps(report_document(report), separators=(",", ":")).encode()
        write_over(self._folder / REPORT, document, mode=0o644)
        return report

    def _append(self, found: Round) -> None:
        line = json.dumps(round_document(found), separators=(",", ":")).encode() + b"\n"
        path = self._rounds / f"{found.at.astimezone(UTC):%Y-%m-%d}.jsonl"
        if not path.exists():
            self._prune(found.at)
        with path.open("ab") as file:
            file.write((b"" if _ends_whole(path) else b"\n") + line)
            file.flush()
            os.fsync(file.fileno())

    def _read(self) -> Iterator[Round]:
        last = b""
        for path in sorted(self._rounds.glob("*.jsonl")):
            for line in path.read_bytes().splitlines():
                try:
                    found = read_round(json.loads(line))
                except (ValueError, KeyError, TypeError):
                    continue
                if line != last:
                    yield found
                last = line

    def _prune(self, now: datetime) -> None:
        first = f"{now.astimezone(UTC) - timedelta(days=limits().days):%Y-%m-%d}"
        for path in self._rounds.glob("*.jsonl"):
            if path.stem < first:
                path.unlink()


def _ends_whole(path: Path) -> bool:
    if not path.stat().st_size:
        return True
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
