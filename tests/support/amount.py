# SPDX-License-Identifier: EUPL-1.2
"""How much a test does: little in ``make test``, all of it in ``make soak``, which sets VARMENTAJA_SOAK=1.

What a long run has found is told to `tell`, which ``make soak`` writes to docs/soak.md.
"""

from __future__ import annotations

import os

from bench.harness import Document
from hypothesis import HealthCheck, settings

IS_SOAK = os.environ.get("VARMENTAJA_SOAK") == "1"

_REPORT = Document(
    "soak.md",
    """# Long runs

What `make soak` found on its last run: the tests of `tests/soak/` at full size. `make test` runs the same
ones at a reduced size.
""",
)


def amount(reduced: int, full: int) -> int:
    """The number for this run."""
    return full if IS_SOAK else reduced


def examples(reduced: int, full: int) -> settings:
    """Hypothesis with so many examples. How long one takes says nothing on a machine that others use, too."""
    return settings(
        max_examples=amount(reduced, full), deadline=None, suppress_health_check=[HealthCheck.too_slow]
    )


def tell(section: str, found: str) -> None:
    """Print what was found; at full size it becomes the section of that name in docs/soak.md."""
    print(f"{section}: {found}")
    if IS_SOAK:
        _REPORT.write_section(section, found)
