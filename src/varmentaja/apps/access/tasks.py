# SPDX-License-Identifier: EUPL-1.2
"""Background work on sign-in."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app


@app.periodic(cron="30 3 * * *")
@app.task(queue="deadlines")
def forget_expired(timestamp: int) -> None:
    """Every night (``timestamp`` in Unix seconds): delete what sign-in no longer needs."""
    from varmentaja.apps.access.actions.forget_expired import forget_expired as forget  # tasks load first

    forget(now=timezone.now())
