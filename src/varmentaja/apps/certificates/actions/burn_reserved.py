# SPDX-License-Identifier: EUPL-1.2
"""Serials whose signature may or may not have been made are never used again (decision 6)."""

from __future__ import annotations

from collections.abc import Iterable

from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.cards.models import Card
from varmentaja.apps.certificates.models import Certificate
from varmentaja.domain.actors import SYSTEM
from varmentaja.domain.certificates import CertificateState


def burn_reserved(card: Card) -> None:
    """Burn the reserved serials of ``card``; runs in the caller's transaction."""
    rows = Certificate.objects.select_for_update().filter(card=card, state=CertificateState.RESERVED)
    burn(rows.order_by("id"))


def burn(rows: Iterable[Certificate]) -> None:
    """Burn these, which the caller's transaction has locked."""
    for row in rows:
        row.state = CertificateState.BURNED
        row.save(update_fields=["state"])
        record(AuditAction.CERTIFICATE_BURNED, SYSTEM, row)
