# SPDX-License-Identifier: EUPL-1.2
"""Reads of certificates."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID
from django.db.models import QuerySet

from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.paging import Page, count_up_to, page_by_id
from varmentaja.domain.certificates import CertificateState


def certificate_by_serial(authority: str, serial: str) -> Certificate | None:
    """The certificate with this serial (hexadecimal, any case) under this authority."""
    return (
        Certificate.objects.select_related("person", "card")
        .filter(authority=authority, serial=serial.lower())
        .first()
    )


def in_force(certificate_id: int, *, now: datetime) -> bool:
    """Whether our own records still hold the certificate good (sessions ask at every request)."""
    return Certificate.objects.filter(
        pk=certificate_id, state=CertificateState.ISSUED, not_after__gt=now
    ).exists()


def certified_elsewhere(key_hashes: Iterable[str], card_id: int) -> bool:
    """Whether one of these keys was ever certified, or about to be, for anything but this card."""
    return Certificate.objects.filter(key_hash__in=list(key_hashes)).exclude(card_id=card_id).exists()


@dataclass(frozen=True, slots=True)
class SerialLine:
    """A serial number with which something is amiss; whose card it was for."""

    authority: str
    serial: str
    reserved_at: datetime
    card_id: int | None


def burned_serials(after: str) -> Page[SerialLine]:
    """Burned serials, newest first: they will never be used."""
    return page_by_id(_in_state(CertificateState.BURNED), after, _serial_line, newest_first=True)


def count_burned_serials() -> int:
    """How many serials were burned, up to a hundred."""
    return count_up_to(_in_state(CertificateState.BURNED))


def recovered_certificates(after: str) -> Page[SerialLine]:
    """Certificates whose records were lost and that are told good, newest first."""
    return page_by_id(_in_state(CertificateState.RECOVERED), after, _serial_line, newest_first=True)


def count_recovered_certificates() -> int:
    """How many there are, up to a hundred."""
    return count_up_to(_in_state(CertificateState.RECOVERED))


def _in_state(state: CertificateState) -> QuerySet[Certificate]:
    return Certificate.objects.filter(state=state).defer("twin", "der")


def _serial_line(row: Certificate) -> SerialLine:
    return SerialLine(row.authority, row.serial, row.reserved_at, row.card_id)


@dataclass(frozen=True, slots=True)
class StatusAddresses:
    """Where relying parties ask for a certificate's status."""

    ocsp: str
    crl: str


def status_addresses(der: bytes) -> StatusAddresses:
    """The addresses in the certificate (RFC 5280 §4.2.1.13 and §4.2.2.1); empty where there is none."""
    extensions = x509.load_der_x509_certificate(der).extensions
    ocsp = [
        access.access_location.value
        for extension in extensions
        if isinstance(extension.value, x509.AuthorityInformationAccess)
        for access in extension.value
        if access.access_method == AuthorityInformationAccessOID.OCSP
    ]
    crl = [
        name.value
        for extension in extensions
        if isinstance(extension.value, x509.CRLDistributionPoints)
        for point in extension.value
        for name in point.full_name or ()
    ]
    return StatusAddresses(next(iter(ocsp), ""), next(iter(crl), ""))
