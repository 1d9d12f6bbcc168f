# SPDX-License-Identifier: EUPL-1.2
"""The factory's own book: which chip was taken for which order; one file an order, written whole."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from varmentaja.files import write_over


@dataclass(frozen=True, slots=True)
class Entry:
    """What became of an order so far."""

    chip_serial: str | None = None
    """The chip in hand; None before one was taken and after it was spoiled."""
    given_up: bool = False


class Ledger:
    """Entries by order key, in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, key: str) -> Entry:
        """The order's entry; an empty one for an order never heard of."""
        try:
            return Entry(**json.loads(self._file(key).read_text("utf-8")))
        except FileNotFoundError:
            return Entry()

    def write(self, key: str, entry: Entry) -> None:
        """Store the entry so that it survives the power going out."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_over(self._file(key), json.dumps(asdict(entry)).encode())

    def _file(self, key: str) -> Path:
        if not key.replace("-", "").isalnum():
            raise ValueError("an order key has letters, digits and hyphens only")
        return self._folder / f"{key}.json"
