# SPDX-License-Identifier: EUPL-1.2
"""OCSP requests (RFC 6960 §4.1) as anyone on the network may send them: one or several certificates, a nonce.

A signature on the request and the requestor's name are passed over: our answers are the same for everyone.
"""

from __future__ import annotations

from dataclasses import dataclass

from varmentaja.pki import der
from varmentaja.pki.der_reader import Reader
from varmentaja.pki.ocsp import HASH_OIDS, NONCE_OID, CertIdHash, ErrorStatus

MOST_OCTETS = 16_384
MOST_CERTIFICATES = 32
_HASHES = {der.oid(dotted)[2:]: name for name, dotted in HASH_OIDS.items()}
_SERVICE_EXTENSIONS = {der.oid("1.3.6.1.5.5.7.48.1.4")[2:], der.oid(NONCE_OID)[2:]}


@dataclass(frozen=True, slots=True)
class CertId:
    """How a request names one certificate."""

    hash: CertIdHash
    issuer_name_hash: bytes
    issuer_key_hash: bytes
    serial: int


@dataclass(frozen=True, slots=True)
class OcspRequest:
    """A request that was understood."""

    certificates: tuple[CertId, ...]
    nonce: bytes | None


def parse_request(content: bytes) -> OcspRequest | ErrorStatus:
    """Read a request, or say with which status to turn it away.

    MALFORMED_REQUEST: not an OCSPRequest in DER, over 16 kB, a nonce not of 1 to 128 octets (RFC 9654), an
    unknown critical extension, an extension that comes twice (RFC 5280 §4.2). UNAUTHORIZED: more than 32
    certificates, or a CertID by another hash than SHA-1 or SHA-256.
    """
    if len(content) > MOST_OCTETS:
        return ErrorStatus.MALFORMED_REQUEST
    try:
        certificates, nonce = _read(content)
    except ValueError:
        return ErrorStatus.MALFORMED_REQUEST
    known = tuple(certificate for certificate in certificates if certificate)
    if len(known) != len(certificates) or len(known) > MOST_CERTIFICATES:
        return ErrorStatus.UNAUTHORIZED
    return OcspRequest(known, nonce)


def _read(content: bytes) -> tuple[list[CertId | None], bytes | None]:
    outer = Reader.whole(content, 0x30)
    body = outer.enter(0x30)
    outer.optional(0xA0)
    outer.end()
    if version := body.optional(0xA0):
        # DER leaves the default v1 out, but some clients send it.
        if version.integer() != 0:
            raise ValueError("unknown version")
        version.end()
    body.optional(0xA1)
    requests = body.enter(0x30)
    certificates = []
    while not requests.at_end():
        certificates.append(_read_single(requests.enter(0x30)))
    if not certificates:
        raise ValueError("no certificate asked about")
    extensions = body.optional(0xA2)
    body.end()
    return certificates, _read_extensions(extensions) if extensions else None


def _read_single(request: Reader) -> CertId | None:
    """One CertID; None where it uses a hash we don't serve."""
    certificate = request.enter(0x30)
    algorithm = certificate.enter(0x30)
    name = _HASHES.get(algorithm.read(0x06))
    if algorithm.next_tag() == 0x05 and algorithm.read(0x05):
        raise ValueError("NULL with content")
    algorithm.end()
    name_hash, key_hash = certificate.read(0x04), certificate.read(0x04)
    serial = certificate.integer()
    certificate.end()
    if extensions := request.optional(0xA0):
        _read_extensions(extensions)
    request.end()
    return CertId(name, name_hash, key_hash, serial) if name else None


def _read_extensions(wrapped: Reader) -> bytes | None:
    """The nonce among the extensions; refuses unknown critical ones, and one that comes twice."""
    nonce: bytes | None = None
    seen: set[bytes] = set()
    extensions = wrapped.enter(0x30)
    wrapped.end()
    while not extensions.at_end():
        extension = extensions.enter(0x30)
        kind = extension.read(0x06)
        critical = extension.next_tag() == 0x01 and extension.read(0x01) != b"\x00"
        value = extension.read(0x04)
        extension.end()
        if kind in seen:
            raise ValueError("an extension comes twice")
        seen.add(kind)
        if critical and kind not in _SERVICE_EXTENSIONS:
            raise ValueError("unknown critical extension")
        if kind == der.oid(NONCE_OID)[2:]:
            inner = Reader(value)
            nonce = inner.read(0x04)
            inner.end()
            if not 1 <= len(nonce) <= 128:
                raise ValueError("nonce of a wrong length")
    return nonce
