# SPDX-License-Identifier: EUPL-1.2
"""The observer's record: a line for each round, only ever appended, and a report drawn from the lines.

``rounds/<day>.jsonl`` (UTC days) is kept as long as data/observer.toml says. A line that a power cut tore is
passed over when the record is read.
"""

from __future__ import annotations

import json
import os
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


class Record:
    """The record in a folder; one process writes it."""

    def __init__(self, folder: Path, now: datetime) -> None:
        self._folder = folder
        self._rounds = folder / "rounds"
        self._rounds.mkdir(parents=True, exist_ok=True)
        self._history = History()
        self._prune(now)
        for found in self._read():
            self._history.add(found)

    def add(self, found: Round) -> tuple[list[Outage], list[Outage]]:
        """Write a round down; the outages that are believed since now, and those over."""
        line = json.dumps(round_document(found), separators=(",", ":")).encode() + b"\n"
        path = self._rounds / f"{found.at.astimezone(UTC):%Y-%m-%d}.jsonl"
        if not path.exists():
            self._prune(found.at)
        with path.open("ab") as file:
            file.write((b"" if _ends_whole(path) else b"\n") + line)
            file.flush()
            os.fsync(file.fileno())
        return self._history.add(found)

    @property
    def report(self) -> Report | None:
        """What is known; None before the first round."""
        return self._history.report()

    def publish(self) -> Report:
        """Write down what is known after a round."""
        report = self.report
        assert report is not None, "a round was added"
        document = json.dumps(report_document(report), separators=(",", ":")).encode()
        write_over(self._folder / REPORT, document, mode=0o644)
        return report

    def _read(self) -> Iterator[Round]:
        for path in sorted(self._rounds.glob("*.jsonl")):
            for line in path.read_bytes().splitlines():
                try:
                    yield read_round(json.loads(line))
                except (ValueError, KeyError, TypeError):
                    continue

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
