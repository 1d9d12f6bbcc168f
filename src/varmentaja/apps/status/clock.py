# SPDX-License-Identifier: EUPL-1.2
"""A second clock: answers dated by a wrong one are refused by every client, and lists last too short or long.

The database's clock is the second one. Where it runs on the same machine it is wrong at the same time; then
the published head, which is dated later than now, tells of it afterwards (make_good.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from math import ceil

from django.db import connection
from django.utils import timezone

from varmentaja.domain.errors import message
from varmentaja.domain.publication_gate import Finding, Gate
from varmentaja.pki.publication import Candidate, gates

APART = timedelta(seconds=30)
"""The two may differ by so much. Two workers on either side of the database's clock do not take each other's
publications for dated in the future then (``AHEAD`` in make_good.py)."""


def one_time() -> gates.Rule:
    """Nothing is published while this machine's clock and the database's differ grossly."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        apart = abs(timezone.now() - cursor.fetchone()[0])

    def judge(_: Candidate) -> Iterator[Finding]:
        if apart > APART:
            minutes = ceil(apart / timedelta(minutes=1))
            text = message(
                "The clocks of this machine and of the database are %(minutes)d min apart.",
                minutes=minutes,
            )
            yield Finding(Gate.CLOCK, "", minutes, text)

    return judge
