# SPDX-License-Identifier: EUPL-1.2
"""Reads of certificates."""

from __future__ import annotations

from varmentaja.apps.certificates.models import Certificate
from varmentaja.domain.certificates import CertificateState


def certificate_by_serial(authority: str, serial: str) -> Certificate | None:
    """The certificate with this serial (hexadecimal, any case) under this authority."""
    return (
        Certificate.objects.select_related("person", "card")
        .filter(authority=authority, serial=serial.lower())
        .first()
    )


def in_force(certificate_id: int) -> bool:
    """Whether our own records still hold the certificate good (sessions ask at every request)."""
    return Certificate.objects.filter(pk=certificate_id, state=CertificateState.ISSUED).exists()
