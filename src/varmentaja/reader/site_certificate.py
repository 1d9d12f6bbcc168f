# SPDX-License-Identifier: EUPL-1.2
"""The certificate by which a site signs the beginning of an SCS transaction.

It has to be valid now and to name the host of the page that asks; whether its issuer is to be trusted was for
the browser to decide when it opened that page.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import load_der_public_key

from varmentaja.domain.errors import message
from varmentaja.pki.foreign import load_foreign
from varmentaja.reader.jose import Jws
from varmentaja.reader.scs import bad_request, forbidden

_ES256_OCTETS = 64


def verify_site(jws: Jws, origin: str, now: datetime) -> None:
    """Check the signature by ``serverCert``, its dates and its name; raises ScsError."""
    try:
        certificate = load_foreign(_der(jws.payload, "serverCert"))
        key = certificate.public_key()
        names = _names(certificate)
    except ValueError:
        raise bad_request(message("The certificate of the site cannot be read.")) from None
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise forbidden(message("The certificate of the site is not valid now."))
    if not _is_named(str(urlsplit(origin).hostname), names):
        raise forbidden(message("The certificate belongs to another site than the page that asks."))
    if not _is_signed(jws, key):
        raise forbidden(message("The transaction is not signed by the site."))


def read_site_key(payload: Mapping[str, Any]) -> ec.EllipticCurvePublicKey:
    """The server's key for the agreement: ``serverKey``, SubjectPublicKeyInfo on P-256; raises ScsError."""
    try:
        key = load_der_public_key(_der(payload, "serverKey"))
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise bad_request(message("The key of the site is not a P-256 key."))
    return key


def _der(payload: Mapping[str, Any], name: str) -> bytes:
    value = payload.get(name)
    if not isinstance(value, str):
        raise bad_request(message("The value of %(name)s is not text.", name=name))
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise bad_request(message("The value of %(name)s is not base64.", name=name)) from None


def _is_signed(jws: Jws, key: object) -> bool:
    try:
        if jws.algorithm == "ES256" and isinstance(key, ec.EllipticCurvePublicKey):
            if len(jws.signature) != _ES256_OCTETS:
                return False
            r, s = jws.signature[: _ES256_OCTETS // 2], jws.signature[_ES256_OCTETS // 2 :]
            der = encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))
            key.verify(der, jws.signed, ec.ECDSA(hashes.SHA256()))
        elif jws.algorithm == "RS256" and isinstance(key, rsa.RSAPublicKey):
            key.verify(jws.signature, jws.signed, padding.PKCS1v15(), hashes.SHA256())
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _names(certificate: x509.Certificate) -> frozenset[str]:
    """Host names and addresses in the certificate's SAN, lower case."""
    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return frozenset()
    hosts = (name.lower() for name in names.get_values_for_type(x509.DNSName))
    return frozenset((*hosts, *(str(each) for each in names.get_values_for_type(x509.IPAddress))))


def _is_named(host: str, names: frozenset[str]) -> bool:
    """A name as it stands, or a wildcard for its first label (RFC 9525 §6.3)."""
    try:
        return str(ip_address(host)) in names
    except ValueError:
        _, _, parent = host.partition(".")
        return host in names or (bool(parent) and f"*.{parent}" in names)
