# SPDX-License-Identifier: EUPL-1.2
"""``varmentaja ceremony FILE``: the hierarchy from a reviewed file, minutes, a place in the evidence."""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.db import DatabaseError, transaction

from varmentaja.apps.audit.models import Entry
from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.config import Settings, settings
from varmentaja.domain.actors import SYSTEM
from varmentaja.domain.errors import conflict, invalid, not_allowed
from varmentaja.ground.demo_hierarchy import make_hierarchy
from varmentaja.pki.ceremony import Plan, read_plan
from varmentaja.pki.hierarchy import MANIFEST, MINUTES, Hierarchy, load_hierarchy
from varmentaja.pki.trial import lint_trial_certificates


def ceremony(file: Path, base_url: str | None) -> str:
    """Hold the ceremony of a file, or read back what it made; what to tell the people present."""
    now, plan = settings(), _read(file, base_url)
    if plan.test is not now.test_service:
        raise not_allowed("This ceremony file is not for this kind of service: see VARMENTAJA_ENVIRONMENT.")
    if now.responder_url is not None and now.responder_address != plan.base_url:
        raise conflict(
            "The ceremony file's address %(file)s is not that of VARMENTAJA_RESPONDER_URL, %(set)s.",
            file=plan.base_url,
            set=now.responder_address,
        )
    hold(plan, now)
    minutes = now.hierarchy_folder / MINUTES
    return f"{minutes.read_text('utf-8')}\nMinutes: {minutes}\n{_evidence(now)}"


def hold(plan: Plan, now: Settings) -> Hierarchy:
    """Try the plan, then make keys and authorities where they are missing."""
    if not (now.hierarchy_folder / MANIFEST).exists():
        lint_trial_certificates(plan, now=datetime.now(UTC), random=os.urandom)
    return make_hierarchy(plan, now)


def record_ceremony(now: Settings) -> bool:
    """Enter the ceremony of this service's hierarchy in the evidence, once; whether that was done now."""
    hierarchy = load_hierarchy(now.hierarchy_folder, production=not now.test_service)
    facts = {
        "id": hierarchy.id,
        "version": hierarchy.version,
        "plan_sha256": hierarchy.plan_hash,
        "made_at": hierarchy.made_at.isoformat(),
    }
    for entry in Entry.objects.filter(action=AuditAction.CEREMONY_HELD):
        if facts.items() <= entry.document["facts"].items():
            return False
    with transaction.atomic():
        record(AuditAction.CEREMONY_HELD, SYSTEM, facts={**facts, "certificates": _certificates(hierarchy)})
    return True


def _read(file: Path, base_url: str | None) -> Plan:
    try:
        text = file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise invalid("The ceremony file cannot be read: %(reason)s", reason=str(error)) from error
    return read_plan(text, base_url=base_url)


def _evidence(now: Settings) -> str:
    try:
        record_ceremony(now)
    except DatabaseError:
        return "Evidence: no database is reached from here; the worker enters the ceremony when it starts."
    return "Evidence: the ceremony stands in the audit trail."


def _certificates(hierarchy: Hierarchy) -> dict[str, str]:
    """SHA-256 of each certificate: authorities, and whoever answers for them."""
    found = {each.id: each.certificate for each in hierarchy.authorities.values()}
    found |= {
        each.responder.id: each.responder.certificate
        for each in hierarchy.authorities.values()
        if each.responder
    }
    return {name: _sha256(certificate) for name, certificate in found.items()}


def _sha256(certificate: x509.Certificate) -> str:
    return hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()
