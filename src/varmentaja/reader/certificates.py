# SPDX-License-Identifier: EUPL-1.2
"""A certificate of a card as the program needs it: whose, until when, and whether a selector accepts it."""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from varmentaja.card.driver import CardCertificates, KeyRole
from varmentaja.pki.foreign import load_foreign
from varmentaja.reader.scs import Selector


@dataclass(frozen=True, slots=True)
class CardCertificate:
    """One end-entity certificate read from a card, with what is shown of it and what selects it."""

    role: KeyRole
    der: bytes
    certificate: x509.Certificate
    holder: str
    """Given names and family name, or the common name."""
    title: str
    issuer: str
    """Common name of the issuing authority."""
    valid_from: datetime
    valid_until: datetime
    curve_octets: int
    """Length of the curve's order in octets; 0 for an RSA key."""
    authority_key_id: bytes

    @property
    def is_ec(self) -> bool:
        """Whether the key is on an elliptic curve."""
        return self.curve_octets > 0

    def matches(self, selector: Selector) -> bool:
        """Whether each question that the selector asks is answered by one of its values."""
        usage = "digitalsignature" if self.role is KeyRole.AUTHENTICATION else "nonrepudiation"
        algorithms = {"ec", "ecdsa"} if self.is_ec else {"rsa"}
        name = _name_parts(self.certificate.issuer.rfc4514_string())
        return (
            (not selector.key_usages or usage in selector.key_usages)
            and (not selector.key_algorithms or bool(algorithms & set(selector.key_algorithms)))
            and (not selector.issuers or any(_name_parts(issuer) == name for issuer in selector.issuers))
            and (not selector.akis or any(self.authority_key_id in _key_ids(aki) for aki in selector.akis))
        )


def read_certificate(role: KeyRole, der: bytes | None) -> CardCertificate | None:
    """Parse a certificate file of a card; None where it is empty or is no certificate that can be read."""
    certificate = _readable(der)
    if der is None or certificate is None:
        return None
    return CardCertificate(
        role=role,
        der=der,
        certificate=certificate,
        holder=_holder(certificate.subject),
        title=_attribute(certificate.subject, NameOID.TITLE),
        issuer=_attribute(certificate.issuer, NameOID.COMMON_NAME),
        valid_from=certificate.not_valid_before_utc,
        valid_until=certificate.not_valid_after_utc,
        curve_octets=_curve_octets(certificate),
        authority_key_id=_authority_key_id(certificate),
    )


def read_chain(certificates: CardCertificates) -> tuple[bytes, ...]:
    """The authorities' certificates on a card as DER, the issuer's first, as far as they can be read."""
    return tuple(der for der in (certificates.issuer, certificates.root) if der and _readable(der))


def _readable(der: bytes | None) -> x509.Certificate | None:
    try:
        return load_foreign(der or b"")
    except ValueError:
        return None


def _curve_octets(certificate: x509.Certificate) -> int:
    key = certificate.public_key()
    return (key.key_size + 7) // 8 if isinstance(key, ec.EllipticCurvePublicKey) else 0


def _holder(subject: x509.Name) -> str:
    names = (_attribute(subject, NameOID.GIVEN_NAME), _attribute(subject, NameOID.SURNAME))
    return " ".join(filter(None, names)) or _attribute(subject, NameOID.COMMON_NAME)


def _attribute(name: x509.Name, oid: x509.ObjectIdentifier) -> str:
    return next((str(attribute.value) for attribute in name.get_attributes_for_oid(oid)), "")


def _authority_key_id(certificate: x509.Certificate) -> bytes:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
    except x509.ExtensionNotFound:
        return b""
    return extension.value.key_identifier or b""


def _name_parts(text: str) -> tuple[str, ...]:
    """A distinguished name as sorted parts: clients write it from either end, with or without spaces."""
    parts = (part.strip() for part in re.split(r"(?<!\\)[,+]", text))
    return tuple(sorted(re.sub(r"\s*=\s*", "=", part, count=1).casefold() for part in parts))


def _key_ids(text: str) -> tuple[bytes, ...]:
    """A key identifier as hex (with or without colons) or as base64: how it is written was not found."""
    try:
        return (bytes.fromhex(text.replace(":", "")),)
    except ValueError:
        pass
    try:
        return (base64.b64decode(text, validate=True),)
    except ValueError:
        return ()
