# SPDX-License-Identifier: EUPL-1.2
"""Refuses packages under the GPL or AGPL, and packages whose licence nobody has looked at (decision 27)."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

REFUSED = re.compile(r"\bA?GPL|(?<!lesser )general public licen[sc]e|affero", re.IGNORECASE)
LOOKED_AT = {"axe-playwright-python": "MIT (LICENSE in its repository and wheel; its metadata leave it out)"}
"""Packages whose metadata do not say, and what their licence file says."""


def findings(packages: list[dict[str, str]]) -> Iterator[str]:
    """One line for each package that may not be imported."""
    for package in packages:
        name, licence = package["Name"], package["License"]
        if name in LOOKED_AT:
            continue
        if licence in ("UNKNOWN", "License", ""):
            yield f"{name}: its licence is not stated; look at it and add it to LOOKED_AT"
        elif all(REFUSED.search(choice) for choice in licence.split(" OR ")):
            yield f"{name}: {licence}"


def main() -> int:
    """Print what was found; the exit code."""
    command = [str(Path(sys.executable).with_name("pip-licenses")), "--format=json"]
    listed = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    found = list(findings(json.loads(listed)))
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
