# SPDX-License-Identifier: EUPL-1.2
"""Background work with the observer."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from varmentaja.apps.observation.actions.keep_canaries import keep_canaries
from varmentaja.apps.observation.actions.note_outages import note_outages
from varmentaja.apps.observation.actions.write_plan import write_plan


@app.periodic(cron="* * * * *")
@app.task(queue="status", lock="observer")
def follow_observer(timestamp: int) -> None:
    """Tell the office what the observer has seen, and the observer what to ask (``timestamp`` in Unix
    seconds)."""
    now = timezone.now()
    note_outages(now=now)
    keep_canaries(now=now)
    write_plan(now=now)
