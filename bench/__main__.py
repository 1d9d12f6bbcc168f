# SPDX-License-Identifier: EUPL-1.2
"""All benchmarks, each in its own process: ``python -m bench [name …]``; exit code 1 if a limit is missed.

The status services are measured at 100,000 certificates here; ``make bench-status`` and ``make bench-day`` do
it at a nation's size.
"""

from __future__ import annotations

import subprocess
import sys

from bench.harness import ROOT

BENCHMARKS: dict[str, list[str]] = {
    "issue": [],
    "status": ["--size", "100000"],
    "cards": [],
    "audit": [],
    "pages": [],
    "sign_in": [],
    "start": [],
    "reader_idle": [],
}
"""Each with what it is given."""


def main() -> None:
    """Run them one after the other, since they would measure each other."""
    chosen = sys.argv[1:] or list(BENCHMARKS)
    ends = {
        name: subprocess.run([sys.executable, "-m", f"bench.{name}", *BENCHMARKS[name]], cwd=ROOT)
        for name in chosen
    }
    missed = [name for name, end in ends.items() if end.returncode]
    if missed:
        sys.exit(f"A firm limit was missed, or the measurement failed: {', '.join(missed)}")


if __name__ == "__main__":
    main()
