# SPDX-License-Identifier: EUPL-1.2
"""Background work on what relying parties are told."""

from __future__ import annotations

from django.utils import timezone
from procrastinate.contrib.django import app

from varmentaja.apps.directory.tasks import after_publication
from varmentaja.apps.status.actions.publish_status import is_behind, publish_status


@app.task(queue="status", lock="publication")
def publish_changes() -> None:
    """Publish whatever has changed or is due; one at a time, so that numbers rise."""
    now = timezone.now()
    if publish_status(now=now) is None:
        return
    after_publication()
    if is_behind(now):
        publish_changes.defer()


@app.periodic(cron="* * * * *")
@app.task(queue="status")
def refresh_status(timestamp: int) -> None:
    """Renew answers and lists that near their half-life (``timestamp`` in Unix seconds)."""
    publish_changes.defer()
