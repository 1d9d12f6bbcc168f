# SPDX-License-Identifier: EUPL-1.2
"""The audit trail of what has happened is proved with ``varmentaja audit verify``."""

from __future__ import annotations

import json

from varmentaja.tour.card.story import Story
from varmentaja.tour.engine import Facts, StepFailed


def audit_is_clean(story: Story) -> Facts:
    """Chain, facts beside it, signed heads."""
    done = story.place.command("audit", "verify", "--json")
    if done.returncode != 0:
        raise StepFailed(f"varmentaja audit verify: {done.stdout}{done.stderr}")
    report = json.loads(done.stdout)
    return {name: str(report[name]) for name in ("links", "personal", "heads")}
