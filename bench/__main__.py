# SPDX-License-Identifier: EUPL-1.2
"""All benchmarks, each in its own process: ``python -m bench``; exit code 1 if a firm limit is missed."""

from __future__ import annotations

import subprocess
import sys

from bench.harness import ROOT

BENCHMARKS = ("issue", "status", "day", "cards", "pages", "sign_in", "start", "reader_idle")


def main() -> None:
    """Run them one after the other, since they would measure each other."""
    ends = {name: subprocess.run([sys.executable, "-m", f"bench.{name}"], cwd=ROOT) for name in BENCHMARKS}
    missed = [name for name, end in ends.items() if end.returncode]
    if missed:
        sys.exit(f"A firm limit was missed, or the measurement failed: {', '.join(missed)}")


if __name__ == "__main__":
    main()
