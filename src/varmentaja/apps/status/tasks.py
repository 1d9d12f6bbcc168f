# SPDX-License-Identifier: EUPL-1.2
"""Background work on what relying parties are told, in two lanes (actions/publish_status.py)."""

from __future__ import annotations

import structlog
from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from varmentaja.apps.directory.tasks import after_publication
from varmentaja.apps.status.actions import publish_status
from varmentaja.apps.status.queries import count_untold_revocations

URGENT = "urgent"
"""The queue that has a place of its own in the worker, whatever else there is to do."""

_log = structlog.get_logger("status")


@app.task(queue=URGENT, retry=RetryStrategy(max_attempts=5, wait=1))
def publish_changes() -> None:
    """Publish whatever has changed: what was revoked at once, the rest in the other lane.

    It has no job lock: that of a worker which died would hold back the next one's jobs until it is found out.
    """
    now = timezone.now()
    published = publish_status.publish_revocations(now=now)
    if published:
        after_publication()
        publish_changes.defer()  # what was revoked meanwhile, or lists that are due
    if published or publish_status.is_behind(now):
        publish_answers.defer()


@app.task(queue="status", lock="publication")
def publish_answers() -> None:
    """Publish answers that are new or due; one at a time, so that numbers rise."""
    now = timezone.now()
    if publish_status.publish_answers(now=now) is None:
        return
    after_publication()
    if publish_status.is_behind(now):
        publish_answers.defer()


@app.periodic(cron="* * * * *")
@app.task(queue=URGENT)
def refresh_status(timestamp: int) -> None:
    """Renew answers and lists that near their half-life (``timestamp`` in Unix seconds)."""
    publish_changes.defer()


@app.periodic(cron="* * * * *")
@app.task(queue="status")
def watch_revocations(timestamp: int) -> None:
    """Tell those who read the log of revocations that wait (``timestamp`` in Unix seconds): in another lane
    than the one that should tell them."""
    if count := count_untold_revocations(now=timezone.now()):
        _log.error("revocations_untold", count=count)
