# SPDX-License-Identifier: EUPL-1.2
"""Serials whose signature may or may not have been made are never used again (decision 6)."""

from __future__ import annotations

from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.cards.models import Card
from varmentaja.apps.certificates.models import Certificate
from varmentaja.domain.actors import SYSTEM
from varmentaja.domain.certificates import CertificateState


def burn_reserved(card: Card, key_hash: str | None = None) -> None:
    """Burn the reserved serials of ``card`` (of one key, if named); runs in the caller's transaction."""
    rows = Certificate.objects.select_for_update().filter(card=card, state=CertificateState.RESERVED)
    if key_hash is not None:
        rows = rows.filter(key_hash=key_hash)
    for row in rows:
        row.state = CertificateState.BURNED
        row.save(update_fields=["state"])
        record(AuditAction.CERTIFICATE_BURNED, SYSTEM, row)
