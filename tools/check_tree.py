# SPDX-License-Identifier: EUPL-1.2
"""Checks the tracked files: an SPDX line in each source, no registry's address in a lock file."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

SPDX = re.compile(r"SPDX-License-Identifier: .*EUPL-1\.2")
SOURCES = re.compile(r"\.(py|sh|css|js|toml)$|^Makefile$|^tools/[^.]+$|^\.ci/run$")
LOCKS = re.compile(r"^requirements/.*\.txt$|(^|/)(uv\.lock|pylock.*|package-lock\.json)$")
HEAD_LINES = 5


def findings(paths: list[str]) -> Iterator[str]:
    """One line for each file that breaks a rule."""
    for path in paths:
        if not Path(path).is_file():  # deleted, not yet committed
            continue
        if SOURCES.search(path):
            head = Path(path).read_text("utf-8").splitlines()[:HEAD_LINES]
            if head and not any(SPDX.search(line) for line in head):
                yield f"{path}: no SPDX line among the first {HEAD_LINES}"
        if LOCKS.search(path) and "://" in Path(path).read_text("utf-8"):
            yield f"{path}: holds an address"


def main() -> int:
    """Print what was found; the exit code."""
    listed = subprocess.run(["git", "ls-files", "-z"], capture_output=True, check=True).stdout
    found = list(findings(sorted(filter(None, listed.decode().split("\0")))))
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
