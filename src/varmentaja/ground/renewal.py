# SPDX-License-Identifier: EUPL-1.2
"""The worker renews the certificates of OCSP responders in time, and signs with the new ones from then on."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import structlog
from django.db import transaction

from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.config import settings
from varmentaja.domain.actors import SYSTEM
from varmentaja.ground.keys import authority_store
from varmentaja.pki.renewal import renew_responders
from varmentaja.wiring import connect_worker

log = structlog.get_logger(__name__)


def renew_due_responders() -> None:
    """Renew what nears its end; nothing is done on nearly every day of the year."""
    now = settings()
    renewed = renew_responders(
        now.hierarchy_folder,
        authority_store(),
        production=not now.test_service,
        now=datetime.now(UTC),
        random=os.urandom,
    )
    if not renewed:
        return
    connect_worker()  # custody with the new hierarchy; what is being signed just now ends with the old one
    for each in renewed:
        facts = {"authority": each.authority, "serial": each.serial, "until": each.not_after.isoformat()}
        with transaction.atomic():
            record(AuditAction.RESPONDER_RENEWED, SYSTEM, facts=facts)
        log.info("responder renewed", **facts)
