# SPDX-License-Identifier: EUPL-1.2
"""Has the card reader program's packages built beside a running demo, for the page that offers them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from varmentaja.config import settings

ROOT = Path(__file__).resolve().parents[3]


def build() -> None:
    """Become the tool that builds them, where this program runs from its checkout; the others come first."""
    if not (ROOT / "tools" / "reader_package.py").exists():
        return
    os.chdir(ROOT)
    os.nice(15)
    settings().downloads.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tools.reader_package", "--fetch"]
    os.execv(command[0], command)  # noqa: S606 (becoming another program is what this is for)
