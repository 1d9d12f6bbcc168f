# SPDX-License-Identifier: EUPL-1.2
"""Background work on the directory."""

from __future__ import annotations

import structlog
from django.utils import timezone
from procrastinate.contrib.django import app

from varmentaja.apps.directory.actions.publish_directory import publish
from varmentaja.domain.errors import DomainError, Kind
from varmentaja.ports.connected import outside

_log = structlog.get_logger("directory")


@app.task(queue="directory", lock="directory")
def publish_directory() -> None:
    """Bring the directory up to what is published; a directory that is down is caught up with later."""
    try:
        publish(now=timezone.now())
    except DomainError as error:
        if error.kind is not Kind.UNAVAILABLE:
            raise
        _log.warning("directory_behind", reason=str(error))


@app.periodic(cron="*/5 * * * *")
@app.task(queue="directory")
def catch_up(timestamp: int) -> None:
    """What a directory that was down has missed (``timestamp`` in Unix seconds)."""
    after_publication()


def after_publication() -> None:
    """Where there is a directory, it follows."""
    if outside().directory is not None:
        publish_directory.defer()
