# SPDX-License-Identifier: EUPL-1.2
"""Background work on what relying parties are told."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from varmentaja.apps.status.actions.publish_status import publish_status


@app.task(queue="status", lock="publication")
def publish_changes() -> None:
    """Publish whatever has changed or is due; one at a time, so that numbers rise."""
    publish_status(now=timezone.now())


@app.periodic(cron="* * * * *")
@app.task(queue="status", lock="publication")
def refresh_status(timestamp: int) -> None:
    """Renew answers and lists that near their half-life (``timestamp`` in Unix seconds)."""
    publish_status(now=timezone.now())
