# SPDX-License-Identifier: EUPL-1.2
"""Revoke what is in force on a card; irreversible, and published at once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.cards.models import Card
from varmentaja.apps.certificates.models import REVOCATION, Certificate
from varmentaja.apps.status.actions.announce_change import announce_change
from varmentaja.domain.actors import Actor
from varmentaja.domain.certificates import CertificateState
from varmentaja.domain.revocation import RevocationReason

_IN_FORCE = (CertificateState.ISSUED, CertificateState.RECOVERED)


def revoke_certificates(
    actor: Actor,
    card: Card,
    reason: RevocationReason,
    *,
    now: datetime,
    keep_keys: Collection[str] = (),
) -> list[Certificate]:
    """Revoke every certificate of ``card`` that is in force, save those for ``keep_keys`` (``key_hash``).

    One whose record was lost is of use to nobody, and never kept. Runs in the caller's transaction, which has
    checked that ``actor`` may.
    """
    rows = list(
        Certificate.objects.select_for_update()
        .filter(card=card, state__in=_IN_FORCE, not_after__gt=now)
        .exclude(state=CertificateState.ISSUED, key_hash__in=keep_keys)
        .order_by("id")
    )
    revoke_rows(actor, rows, reason, now=now)
    return rows


def revoke_rows(
    actor: Actor, rows: Sequence[Certificate], reason: RevocationReason, *, now: datetime
) -> None:
    """Revoke these, which are in force and locked by the caller's transaction."""
    for row in rows:
        row.set_revoked(now, reason)
        row.revision += 1
        row.answer_due_at = now
        row.first_listed = None  # it may have been revoked wrongly before
        row.save(update_fields=[*REVOCATION, "revision", "answer_due_at", "first_listed"])
        record(AuditAction.CERTIFICATE_REVOKED, actor, row, facts={"reason": reason})
    announce_change()
