# SPDX-License-Identifier: EUPL-1.2
"""A second clock: answers dated by a wrong one are refused by every client, and lists last too short or long.

The database's clock is the second one. Where it runs on the same machine it is wrong at the same time; then
the published head, which is dated later than now, tells of it afterwards (make_good.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from varmentaja.domain.errors import message
from varmentaja.domain.publication_gate import Finding, Gate
from varmentaja.pki.publication import Candidate, gates

APART = timedelta(minutes=5)
"""Two clocks may differ by so much; clients allow each other about as much."""


def one_time() -> gates.Rule:
    """Nothing is published while this machine's clock and the database's differ grossly."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        apart = abs(timezone.now() - cursor.fetchone()[0])

    def judge(_: Candidate) -> Iterator[Finding]:
        if apart > APART:
            minutes = int(apart / timedelta(minutes=1))
            text = message(
                "The clocks of this machine and of the database are %(minutes)d minutes apart.",
                minutes=minutes,
            )
            yield Finding(Gate.CLOCK, "", minutes, text)

    return judge
