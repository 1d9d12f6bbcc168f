# SPDX-License-Identifier: EUPL-1.2
"""Certificates without cards, issued and revoked as the service does it, for tests of their status."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import transaction

from varmentaja.apps.certificates.actions.issue_batch import KeyRequest, issue_batch
from varmentaja.apps.certificates.actions.revoke_certificates import revoke_rows
from varmentaja.apps.certificates.models import Certificate
from varmentaja.domain.actors import SYSTEM
from varmentaja.domain.batch import all_of
from varmentaja.domain.revocation import RevocationReason
from varmentaja.pki.names import Subject
from varmentaja.ports.custody import CertificateOrder

AUTHORITY = "professionals-ecc"


def issue(count: int, *, now: datetime, authority: str = AUTHORITY) -> list[Certificate]:
    """So many, each for a key that is thrown away."""
    return all_of(issue_batch([_request(authority, now) for _ in range(count)], now=now))


def revoke(*rows: Certificate, now: datetime) -> list[Certificate]:
    """Revoke them in one transaction; as they are then."""
    with transaction.atomic():
        held = Certificate.objects.select_for_update().filter(pk__in=[row.pk for row in rows]).order_by("id")
        revoked = list(held)
        revoke_rows(SYSTEM, revoked, RevocationReason.KEY_COMPROMISE, now=now)
    return revoked


def serials(rows: Sequence[Certificate]) -> set[int]:
    """As numbers."""
    return {int(row.serial, 16) for row in rows}


def _request(authority: str, now: datetime) -> KeyRequest:
    key = ec.generate_private_key(ec.SECP384R1()).public_key()
    subject = Subject(serial_number="999999990", given_names="Aino", first_name="Aino", surname="Esimerkki")
    second = now.replace(microsecond=0)
    order = CertificateOrder(
        authority=authority,
        profile="personnel-auth",
        subject=subject,
        public_key=key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        not_before=second,
        not_after=second + timedelta(days=365),
    )
    return KeyRequest(None, "authentication", order)
