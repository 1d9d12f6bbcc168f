# SPDX-License-Identifier: EUPL-1.2
"""The card reader program at rest: ``python -m bench.reader_idle [--minutes 10]``.

The windowed program on a screen of its own with an activated card in a PC/SC reader, left alone. Counted are
the processor time and the resident memory of its whole process tree; pcscd is not part of it.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from tests.support.cards import SERIAL
from tests.support.desktop import Desktop
from tests.support.pcsc import Pcsc
from tests.support.reader_window import Program, memory, spent, tree

from bench.harness import Row, report
from varmentaja.card.driver import KeyAlgorithm

_BEFORE = 10.0
"""Seconds for what the activation has begun: the issuer is asked, the window is drawn."""


def measure(minutes: float) -> list[Row]:
    """Share of a core in per cent, and megabytes."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pcsc, desktop = Pcsc(folder), Desktop(folder)
        try:
            pcsc.make(KeyAlgorithm.P384, SERIAL)
            program = Program(pcsc, desktop, folder, "en")
            program.activate(SERIAL)
            time.sleep(_BEFORE)
            share = _share(program.pid, minutes * 60)
            megabytes, processes = memory(program.pid), len(tree(program.pid))
            program.end()
        finally:
            desktop.close()
            pcsc.close()
    how = f"{minutes:g} min with a card inserted, whole process tree ({processes})"
    return [
        Row("idle reader program, share of a core", share, "%", how, "reader_idle_core"),
        Row("the same, resident memory", megabytes, "MB", "at the end of them", "reader_idle_memory"),
    ]


def _share(pid: int, seconds: float) -> float:
    before, begun = spent(pid), time.monotonic()
    time.sleep(seconds)
    return 100 * (spent(pid) - before) / (time.monotonic() - begun)


def main() -> None:
    """Measure and report; exit code 1 if a firm limit is missed."""
    options = argparse.ArgumentParser(description="The card reader program at rest.")
    options.add_argument("--minutes", type=float, default=10)
    minutes = options.parse_args().minutes
    kept = report(
        "Card reader program at rest", f"python -m bench.reader_idle --minutes {minutes:g}", measure(minutes)
    )
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
