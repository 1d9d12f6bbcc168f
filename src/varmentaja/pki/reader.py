# SPDX-License-Identifier: EUPL-1.2
"""What a certificate says, read from its bytes: for comparing with the register before a card leaves, and for
relying parties."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID

from varmentaja.domain.errors import invalid
from varmentaja.pki.algorithms import KeyAlgorithm, algorithm_of
from varmentaja.pki.foreign import load_foreign, require_readable
from varmentaja.pki.profile import KEY_USAGE_BITS, Purpose
from varmentaja.pki.serials import serial_text


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """The facts of one certificate. Texts are None where the subject does not carry them."""

    serial: str
    issuer: str
    """RFC 4514."""
    subject: str
    common_name: str | None
    given_names: str | None
    surname: str | None
    title: str | None
    serial_number: str | None
    """Registration number (professional) or SATU."""
    physician_code: str | None
    organization: str | None
    policies: tuple[str, ...]
    key_usage: tuple[str, ...]
    purpose: Purpose | None
    """From the usage bits: nonRepudiation alone signs, digitalSignature authenticates; None for others."""
    key_algorithm: KeyAlgorithm
    not_before: datetime
    not_after: datetime
    sha256: str


def describe(certificate: x509.Certificate | bytes) -> CertificateFacts:
    """Read a certificate (object or DER); `invalid` if it cannot be read or repeats an attribute."""
    try:
        if isinstance(certificate, bytes):
            return _facts(load_foreign(certificate))
        return _facts(require_readable(certificate))
    except ValueError as error:
        raise invalid("The certificate cannot be read.") from error


def _facts(certificate: x509.Certificate) -> CertificateFacts:
    usage = _usage(certificate)
    return CertificateFacts(
        serial=serial_text(certificate.serial_number),
        issuer=certificate.issuer.rfc4514_string(),
        subject=certificate.subject.rfc4514_string(),
        common_name=_one(certificate, NameOID.COMMON_NAME),
        given_names=_one(certificate, NameOID.GIVEN_NAME),
        surname=_one(certificate, NameOID.SURNAME),
        title=_one(certificate, NameOID.TITLE),
        serial_number=_one(certificate, NameOID.SERIAL_NUMBER),
        physician_code=_one(certificate, NameOID.PSEUDONYM),
        organization=_one(certificate, NameOID.ORGANIZATION_NAME),
        policies=_policies(certificate),
        key_usage=usage,
        purpose=_purpose(usage),
        key_algorithm=algorithm_of(certificate.public_key()),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        sha256=certificate.fingerprint(hashes.SHA256()).hex(),
    )


def _one(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> str | None:
    values = certificate.subject.get_attributes_for_oid(oid)
    if len(values) > 1:
        raise ValueError("the subject repeats an attribute")
    return str(values[0].value) if values else None


def _policies(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        policies = certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(policy.policy_identifier.dotted_string for policy in policies)


def _usage(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return ()
    library_names = {"non_repudiation": "content_commitment"}
    return tuple(name for name in KEY_USAGE_BITS if getattr(usage, library_names.get(name, name)))


def _purpose(usage: tuple[str, ...]) -> Purpose | None:
    if usage == ("non_repudiation",):
        return Purpose.SIGNATURE
    if "digital_signature" in usage and "non_repudiation" not in usage and "key_cert_sign" not in usage:
        return Purpose.AUTHENTICATION
    return None
