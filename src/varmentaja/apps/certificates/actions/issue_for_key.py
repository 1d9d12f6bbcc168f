# SPDX-License-Identifier: EUPL-1.2
"""Issue one certificate for one card key: reserve the serial, sign once, store.

The row with the serial and the linted twin is committed before the authority signs. A process killed in
between leaves a reserved row; its serial is burned by the next attempt (burn_reserved.py).
"""

from __future__ import annotations

import hashlib
from datetime import datetime

from django.db import transaction

from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.cards.models import Card
from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.status.actions.announce_change import announce_issuance
from varmentaja.domain.actors import SYSTEM
from varmentaja.domain.certificates import CertificateState
from varmentaja.domain.errors import conflict
from varmentaja.ports.connected import outside
from varmentaja.ports.custody import CertificateOrder, Prepared


def issue_for_key(card: Card, purpose: str, order: CertificateOrder, *, now: datetime) -> Certificate:
    """The certificate for ``order``'s key: the one issued before if there is one, else a new one."""
    key_hash = key_hash_of(order.public_key)
    issued = Certificate.objects.filter(
        card=card, key_hash=key_hash, state=CertificateState.ISSUED, authority=order.authority
    ).first()
    if issued is not None:
        return issued
    custody = outside().custody
    assert custody is not None, "the worker holds the keys"
    prepared = custody.prepare(order)
    row = _reserve(card, purpose, order, key_hash, prepared, now=now)
    der = custody.issue(prepared.token)
    return _store(row, der, now=now)


def key_hash_of(public_key: bytes) -> str:
    """By what a certificate is found for a key (SubjectPublicKeyInfo, DER)."""
    return hashlib.sha256(public_key).hexdigest()


def _reserve(
    card: Card, purpose: str, order: CertificateOrder, key_hash: str, prepared: Prepared, *, now: datetime
) -> Certificate:
    with transaction.atomic():
        row = Certificate.objects.create(
            authority=order.authority,
            serial=prepared.serial,
            state=CertificateState.RESERVED,
            card=card,
            person_id=card.person_id,
            purpose=purpose,
            chip_serial=card.chip_serial or "",
            key_hash=key_hash,
            profile=prepared.profile,
            profile_version=prepared.profile_version,
            profile_hash=prepared.profile_hash,
            subject=prepared.subject,
            shard=prepared.shard,
            not_before=prepared.not_before,
            not_after=prepared.not_after,
            twin=prepared.twin,
            reserved_at=now,
        )
        record(AuditAction.CERTIFICATE_RESERVED, SYSTEM, row)
        return row


def _store(row: Certificate, der: bytes, *, now: datetime) -> Certificate:
    with transaction.atomic():
        held = Certificate.objects.select_for_update().filter(pk=row.pk, state=CertificateState.RESERVED)
        if held.first() is None:  # another run has taken this one for dead and burned the serial
            raise conflict("Issuing was interrupted, so this serial number will never be used.")
        row.state = CertificateState.ISSUED
        row.der = der
        row.issued_at = now
        row.answer_due_at = now
        row.save(update_fields=["state", "der", "issued_at", "answer_due_at"])
        record(AuditAction.CERTIFICATE_ISSUED, SYSTEM, row)
        announce_issuance()
        return row
