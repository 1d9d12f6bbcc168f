# SPDX-License-Identifier: EUPL-1.2
"""How many tries of its activation code a card had left.

Few cards tell when asked, and the last try is to be warned of however often the card was out meanwhile."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from pathlib import Path

from varmentaja.files import write_over

CODE_TRIES_FILE = "code-tries.json"
"""Its name in the program's own folder."""

log = logging.getLogger(__name__)


class CodeMemory:
    """Remembers in a file of the user's own, where cards are named by a hash of their chip's serial alone."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def tries_left(self, chip_serial: str) -> int | None:
        """What the card said last; None when no wrong code was entered since a right one."""
        return self._known().get(_name(chip_serial))

    def note(self, chip_serial: str, tries_left: int | None) -> None:
        """A wrong code left so many tries; None after a right one. A file that cannot be written is no
        trouble."""
        name, known = _name(chip_serial), dict(self._known())
        if known.get(name) == tries_left:
            return
        known.pop(name, None)
        if tries_left is not None:
            known[name] = tries_left
        try:
            write_over(self._file, json.dumps(known).encode())
        except OSError as error:
            log.warning("tries of an activation code are not remembered: %s", error)

    def _known(self) -> Mapping[str, int]:
        try:
            known = json.loads(self._file.read_bytes())
        except (OSError, ValueError, RecursionError):
            return {}
        if not isinstance(known, dict):
            return {}
        return {str(name): tries for name, tries in known.items() if isinstance(tries, int)}


def _name(chip_serial: str) -> str:
    return hashlib.sha256(f"varmentaja card {chip_serial}".encode()).hexdigest()
