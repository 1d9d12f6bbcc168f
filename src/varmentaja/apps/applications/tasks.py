# SPDX-License-Identifier: EUPL-1.2
"""Background work on applications."""

from __future__ import annotations

from procrastinate.contrib.django import app

from varmentaja.apps.sandbox.clock import business_today


@app.periodic(cron="15 0 * * *")
@app.task(queue="deadlines")
def lapse_drafts_regularly(timestamp: int) -> None:
    """Every night (``timestamp`` in Unix seconds): look for drafts whose time is over."""
    lapse_drafts.defer()


@app.task(queue="deadlines", lock="drafts")
def lapse_drafts() -> None:
    """Let untouched drafts lapse; safe to run again."""
    from varmentaja.apps.applications.actions.lapse_drafts import lapse_drafts as lapse  # tasks load first

    lapse(today=business_today())
