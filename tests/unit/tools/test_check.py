# SPDX-License-Identifier: EUPL-1.2
"""What can be checked without running the program is a part of the tests, so that CI judges it, too."""

from __future__ import annotations

import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[3]


def test_everything_that_can_be_checked_without_running_the_program_is_in_order() -> None:
    checked = subprocess.run(["tools/check"], cwd=ROOT, capture_output=True, text=True)
    assert checked.returncode == 0, checked.stdout + checked.stderr
