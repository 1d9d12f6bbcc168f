# SPDX-License-Identifier: EUPL-1.2
"""The worker renews the certificates of OCSP responders in time, and signs with the new ones from then on.

Those of the online responder live for a week (signer/delegation.py) and are renewed at half of it.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime

import structlog
from cryptography import x509
from django.db import transaction

from varmentaja.apps.audit.models import Entry
from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.vault.store import read_passphrase
from varmentaja.config import settings
from varmentaja.domain.actors import SYSTEM
from varmentaja.ground.keys import authority_store
from varmentaja.pki.hierarchy import load_hierarchy
from varmentaja.pki.plan import first_responder
from varmentaja.pki.profile import load_profile
from varmentaja.pki.renewal import PROFILE as RESPONDER
from varmentaja.pki.renewal import renew_responders
from varmentaja.pki.serials import serial_text
from varmentaja.signer.delegation import PROFILE as ONLINE
from varmentaja.signer.delegation import certificates, current, delegate, is_due
from varmentaja.wiring import connect_worker

log = structlog.get_logger(__name__)
RECORDED = 200
"""How far back the evidence is looked through for a certificate: more than are made while one is in force."""


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
    if renewed:
        connect_worker()  # custody with the new hierarchy; what is being signed now ends with the old one
    hierarchy = load_hierarchy(now.hierarchy_folder, production=not now.test_service)
    for authority in hierarchy.authorities.values():
        if authority.responder and authority.responder.id != first_responder(authority.id):
            record_certified(
                AuditAction.RESPONDER_RENEWED, authority.id, authority.responder.certificate, RESPONDER
            )


def renew_delegation() -> None:
    """Make the online responder new keys when the old ones are past their half-life."""
    now, moment = settings(), datetime.now(UTC)
    hierarchy = load_hierarchy(now.hierarchy_folder, production=not now.test_service)
    if is_due(hierarchy, now.delegations, now=moment):
        passphrase = read_passphrase(now.online_passphrase, make=now.test_service)
        delegate(hierarchy, authority_store(), now.delegations, passphrase, now=moment, random=os.urandom)
    made = current(now.delegations)
    assert made is not None, "one is in force"
    for authority, certificate in certificates(made).items():
        record_certified(AuditAction.RESPONDER_DELEGATED, authority, certificate, ONLINE)


def record_certified(
    action: AuditAction, authority: str, certificate: x509.Certificate, profile_id: str
) -> None:
    """Enter a certificate of the service's own programs in the evidence, once.

    It is in force already: a worker killed in between finds it here again, at the latest an hour later.
    """
    serial = serial_text(certificate.serial_number)
    newest = Entry.objects.filter(action=action).order_by("-id")[:RECORDED]
    if any(entry.document["facts"].get("serial") == serial for entry in newest):
        return
    facts = {
        "authority": authority,
        "serial": serial,
        "until": certificate.not_valid_after_utc.isoformat(),
        "profile": load_profile(profile_id).mark,
    }
    with transaction.atomic():
        record(action, SYSTEM, facts=facts)
    log.info(action.value, **facts)
