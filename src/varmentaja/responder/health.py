# SPDX-License-Identifier: EUPL-1.2
"""``GET /health``: what an operator, or whoever spreads questions over responders, wants to know.

========== ====== =====================================================================================
``ok``     200
``ageing`` 200    something holds for less than 12 hours more, though it should have been renewed: the
                  publisher, or the way from it, stands still
``behind`` 200    the newest publication was refused, and an older one is served
``stale``  200    some documents are out of date, and say so by their dates; others are not
``expired`` 503   everything is out of date: another responder may be better off
``empty``  503    there is nothing to serve
========== ====== =====================================================================================
"""

from __future__ import annotations

import json
from datetime import UTC, datetime

from varmentaja.domain.availability import limits
from varmentaja.responder.ages import Ages, ages_of_lists, joined
from varmentaja.responder.watch import Watch


def health(watch: Watch, now: float) -> tuple[str, bytes]:
    """HTTP status and JSON document; ``now`` in Unix seconds."""
    view, problem = watch.view, watch.problem
    report: dict[str, object] = {"state": "empty", "problem": problem}
    if view:
        ages = joined(watch.ages, ages_of_lists(view.snapshot))
        head = view.snapshot.head
        report |= {
            "state": _state(ages, problem, now),
            "set": head.set.number,
            "overlay": head.overlay.number if head.overlay else None,
            "published": head.time.isoformat(),
            "holds_until": datetime.fromtimestamp(ages.first_end, UTC).isoformat() if ages else None,
        }
    if mirror := watch.mirror_state():
        report["mirror"] = mirror
    status = "503 Service Unavailable" if report["state"] in ("empty", "expired") else "200 OK"
    return status, json.dumps(report).encode() + b"\n"


def _state(ages: Ages | None, problem: str | None, now: float) -> str:
    if ages and ages.last_end <= now:
        return "expired"
    if ages and ages.first_end <= now:
        return "stale"
    if problem:
        return "behind"
    if ages and ages.first_end - now < limits().margin.total_seconds():
        return "ageing"
    return "ok"
