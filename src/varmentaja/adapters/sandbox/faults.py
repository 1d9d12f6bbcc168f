# SPDX-License-Identifier: EUPL-1.2
"""Faults of outside systems, switched on by a file while the programs run.

``faults.json`` in the sandbox folder names a system and what ails it::

    {"population_register": {"mode": "slow", "seconds": 3},
     "professional_register": {"mode": "down"},
     "code_server": {"mode": "nonsense"}}

No file, or a system that it does not name: all is well. The file is read at every call.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from varmentaja.domain.errors import DomainError, invalid

ANSWER_WITHIN = 5.0
"""Seconds that a real client waits; a simulator slower than this counts as not answering."""


class Mode(StrEnum):
    """What can ail a system."""

    SLOW = "slow"
    DOWN = "down"
    NONSENSE = "nonsense"


@dataclass(frozen=True, slots=True)
class Fault:
    """One system's fault; ``seconds`` is for the slow ones."""

    mode: Mode
    seconds: float = 0.0


class Faults:
    """The switches of one sandbox; without a file there are none."""

    def __init__(self, file: Path | None = None, sleep: Callable[[float], None] = time.sleep) -> None:
        self._file = file
        self._sleep = sleep

    def of(self, system: str) -> Fault | None:
        """The fault of ``system`` now; raises DomainError (INVALID) for a file that can't be understood."""
        if self._file is None or not self._file.exists():
            return None
        try:
            entry = json.loads(self._file.read_text("utf-8")).get(system)
            return Fault(Mode(entry["mode"]), float(entry.get("seconds", 0))) if entry else None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise invalid(
                "The file of simulated faults can't be read: %(file)s.", file=self._file.name
            ) from error

    def strike(self, system: str, no_answer: Callable[[], DomainError]) -> bool:
        """Live through the fault of ``system``; True means: answer nonsense.

        Raises what ``no_answer`` makes when the system is down or too slow.
        """
        fault = self.of(system)
        if fault is None:
            return False
        if fault.mode is Mode.DOWN:
            raise no_answer()
        if fault.mode is Mode.SLOW:
            self._sleep(min(fault.seconds, ANSWER_WITHIN))
            if fault.seconds > ANSWER_WITHIN:
                raise no_answer()
        return fault.mode is Mode.NONSENSE
