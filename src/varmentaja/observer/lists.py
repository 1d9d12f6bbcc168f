# SPDX-License-Identifier: EUPL-1.2
"""What one published list says: its number, its base, and which of the watched serials stand in it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from varmentaja.observer.openssl import ListVerdict


@dataclass(frozen=True, slots=True)
class Entry:
    """A serial in a list."""

    revoked: bool
    """False: the entry takes it out of the full list (removeFromCRL, RFC 5280 §5.3.1)."""
    at: datetime


@dataclass(frozen=True, slots=True)
class Published:
    """A list whose signature openssl has verified."""

    verdict: ListVerdict
    der: bytes
    number: int
    base: int | None
    """Number of the full list that a delta belongs to; None for a full list."""
    entries: dict[int, Entry]
    """Of the watched serials alone."""

    @classmethod
    def read(cls, der: bytes, verdict: ListVerdict, serials: Iterable[int]) -> Published:
        """Look up the serials. Raises ValueError for a list without a number."""
        crl = x509.load_der_x509_crl(der)
        try:
            number = crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
        except x509.ExtensionNotFound as error:
            raise ValueError("the list has no number") from error
        return cls(verdict, der, number, _base(crl), dict(_entries(crl, serials)))


def _base(crl: x509.CertificateRevocationList) -> int | None:
    try:
        return crl.extensions.get_extension_for_class(x509.DeltaCRLIndicator).value.crl_number
    except x509.ExtensionNotFound:
        return None


def _entries(crl: x509.CertificateRevocationList, serials: Iterable[int]) -> Iterable[tuple[int, Entry]]:
    for serial in serials:
        found = crl.get_revoked_certificate_by_serial_number(serial)
        if found is not None:
            yield serial, Entry(_is_revoked(found), found.revocation_date_utc)


def _is_revoked(entry: x509.RevokedCertificate) -> bool:
    try:
        reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    except x509.ExtensionNotFound:
        return True
    return reason is not x509.ReasonFlags.remove_from_crl
