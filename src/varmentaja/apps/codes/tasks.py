# SPDX-License-Identifier: EUPL-1.2
"""Background work on code sets."""

from __future__ import annotations

from django.utils import timezone
from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from varmentaja.apps.codes.actions.import_code_set import import_code_set
from varmentaja.ports.code_server import RIGHTS_TO_PRACTISE


@app.periodic(cron="0 3 * * *")
@app.task(queue="registers", retry=RetryStrategy(max_attempts=10, exponential_wait=4))
def refresh_code_sets(timestamp: int) -> None:
    """Every night (``timestamp`` in Unix seconds)."""
    import_code_set(RIGHTS_TO_PRACTISE, now=timezone.now())
