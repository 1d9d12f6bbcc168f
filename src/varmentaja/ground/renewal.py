# SPDX-License-Identifier: EUPL-1.2
"""The worker renews the certificates of OCSP responders in time, and signs with the new ones from then on.

Those of the online responder live for a week (signer/delegation.py) and are renewed at half of it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import UTC, datetime

import structlog
from django.db import transaction

from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.vault.store import read_passphrase
from varmentaja.config import settings
from varmentaja.domain.actors import SYSTEM
from varmentaja.ground.keys import authority_store
from varmentaja.pki.hierarchy import load_hierarchy
from varmentaja.pki.renewal import Renewed, renew_responders
from varmentaja.signer.delegation import delegate, is_due
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
    _record(AuditAction.RESPONDER_RENEWED, renewed)


def renew_delegation() -> None:
    """Make the online responder new keys when the old ones are past their half-life."""
    now, moment = settings(), datetime.now(UTC)
    hierarchy = load_hierarchy(now.hierarchy_folder, production=not now.test_service)
    if not is_due(hierarchy, now.delegations, now=moment):
        return
    passphrase = read_passphrase(now.online_passphrase, make=now.test_service)
    made = delegate(hierarchy, authority_store(), now.delegations, passphrase, now=moment, random=os.urandom)
    _record(AuditAction.RESPONDER_DELEGATED, made)


def _record(action: AuditAction, renewed: Iterable[Renewed]) -> None:
    for each in renewed:
        facts = {"authority": each.authority, "serial": each.serial, "until": each.not_after.isoformat()}
        with transaction.atomic():
            record(action, SYSTEM, facts=facts)
        log.info(action.value, **facts)
