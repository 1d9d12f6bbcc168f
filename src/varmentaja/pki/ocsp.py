# SPDX-License-Identifier: EUPL-1.2
"""OCSP answers (RFC 6960 §4.2) signed by an authority's delegated responder.

An answer is made in steps: what is said of certificates (`encode_singles`), what is signed (`encode_data`),
and the signature around it (`sign_data`). `presigning` makes those that are published, two for each
certificate; the online responder takes the steps for several certificates and nonces, and keeps what it can.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from functools import lru_cache
from typing import cast

from cryptography.hazmat.primitives.serialization import Encoding

from varmentaja.domain.errors import invalid
from varmentaja.pki import der
from varmentaja.pki.algorithms import SIGNING_HASH, Hash, PublicKey, algorithm_of, signature_identifier, spki
from varmentaja.pki.crl import REASON_CODES, Reason
from varmentaja.pki.der_reader import Reader
from varmentaja.pki.hierarchy import Authority, Responder
from varmentaja.pki.keystore.base import KeyStore
from varmentaja.pki.template import key_identifier

_BASIC_RESPONSE = "1.3.6.1.5.5.7.48.1.1"
NONCE_OID = "1.3.6.1.5.5.7.48.1.2"


class CertIdHash(StrEnum):
    """Hashes by which a CertID may name the issuer (RFC 9919)."""

    SHA1 = "sha1"
    SHA256 = "sha256"


HASH_OIDS = {CertIdHash.SHA1: "1.3.14.3.2.26", CertIdHash.SHA256: "2.16.840.1.101.3.4.2.1"}


class ErrorStatus(IntEnum):
    """OCSPResponseStatus other than successful (RFC 6960 §4.2.1)."""

    MALFORMED_REQUEST = 1
    INTERNAL_ERROR = 2
    TRY_LATER = 3
    SIG_REQUIRED = 5
    UNAUTHORIZED = 6


class Condition(StrEnum):
    """CertStatus."""

    GOOD = "good"
    REVOKED = "revoked"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CertificateStatus:
    """What is said of one serial number (hexadecimal text)."""

    serial: str
    condition: Condition = Condition.GOOD
    revoked_at: datetime | None = None
    reason: Reason = Reason.UNSPECIFIED

    def __post_init__(self) -> None:
        if (self.revoked_at is not None) is not (self.condition is Condition.REVOKED):
            raise ValueError("a revoked certificate has a time of revocation, and no other has")


@dataclass(frozen=True, slots=True)
class SignedAnswers:
    """The published answers for one certificate: OCSPResponse as DER for each CertID hash."""

    sha1: bytes
    sha256: bytes


def sign_data(fixed: FixedParts, data: bytes, store: KeyStore) -> bytes:
    """The OCSPResponse (DER) around a ResponseData, which is signed."""
    return wrap(fixed, data, store.sign(fixed.key_label, data, fixed.hash))


def wrap(fixed: FixedParts, data: bytes, signature: bytes) -> bytes:
    """The OCSPResponse (DER) around a ResponseData and its signature."""
    before, between, after = _frame(fixed, len(data), len(signature))
    return b"".join((before, data, between, signature, after))


@lru_cache(maxsize=1024)
def _frame(fixed: FixedParts, data: int, signature: int) -> tuple[bytes, bytes, bytes]:
    """What an OCSPResponse holds before, between and after signed data and a signature of such lengths."""
    between = fixed.signature_identifier + b"\x03" + der.length_octets(signature + 1) + b"\x00"
    after = fixed.certificates
    size = data + len(between) + signature + len(after)
    before = b""
    for outer in (b"\x30", b"\x04", der.oid(_BASIC_RESPONSE), b"\x30", b"\xa0", der.enumerated(0), b"\x30"):
        if len(outer) == 1:
            before = outer + der.length_octets(size + len(before)) + before
        else:
            before = outer + before
    return before, between, after


def encode_singles(
    fixed: FixedParts,
    statuses: Sequence[CertificateStatus],
    *,
    name: CertIdHash,
    this_update: datetime,
    next_update: datetime,
) -> bytes:
    """What a ResponseData says of some certificates: SEQUENCE OF SingleResponse."""
    issuer = fixed.named_issuers[name]
    singles = [
        der.sequence(
            der.sequence(issuer, der.integer(int(status.serial, 16))),
            encode_state(status, this_update, next_update),
        )
        for status in statuses
    ]
    return der.sequence(*singles)


def encode_data(
    fixed: FixedParts, singles: bytes, produced_at: datetime, nonce: bytes | None = None
) -> bytes:
    """ResponseData: what is signed."""
    extensions = b"" if nonce is None else _before_nonce(len(nonce)) + nonce
    return der.sequence(fixed.responder_id, der.generalized_time(produced_at), singles, extensions)


@lru_cache(maxsize=256)
def _before_nonce(size: int) -> bytes:
    """responseExtensions up to a nonce of so many octets."""
    nonce = der.octet_string(bytes(size))
    whole = der.explicit(1, der.sequence(der.extension(NONCE_OID, nonce)))
    return whole[: len(whole) - size]


def error_response(status: ErrorStatus) -> bytes:
    """An unsigned answer that holds only a status."""
    return der.sequence(der.enumerated(status))


@lru_cache(maxsize=64)
def issuer_hashes(authority: Authority, name: CertIdHash) -> tuple[bytes, bytes]:
    """issuerNameHash and issuerKeyHash by which a CertID names the authority."""
    info = Reader.whole(spki(authority.issuer.public_key), 0x30)
    info.read(0x30)
    key_bits = info.read(0x03)[1:]  # less the octet that counts unused bits
    return hashlib.new(name, authority.issuer.name, usedforsecurity=False).digest(), hashlib.new(
        name, key_bits, usedforsecurity=False
    ).digest()


def _named_issuer(authority: Authority, name: CertIdHash) -> bytes:
    """A CertID up to the serial number: the same in every answer of one authority."""
    name_hash, key_hash = issuer_hashes(authority, name)
    algorithm = der.sequence(der.oid(HASH_OIDS[name]), der.NULL)
    return algorithm + der.octet_string(name_hash) + der.octet_string(key_hash)


@dataclass(frozen=True, slots=True, eq=False)
class FixedParts:
    """What is the same in every answer of one responder; made once for each, and known by its identity."""

    named_issuers: Mapping[CertIdHash, bytes]
    key_label: str
    hash: Hash
    responder_id: bytes
    signature_identifier: bytes
    certificates: bytes


def fixed_parts(authority: Authority) -> FixedParts:
    """Those of an authority's responder; `invalid` if it has none."""
    if authority.responder is None:
        raise invalid("The authority %(id)s has no OCSP responder.", id=authority.id)
    return _fixed_parts(authority, authority.responder)


@lru_cache(maxsize=64)
def _fixed_parts(authority: Authority, responder: Responder) -> FixedParts:
    public_key = cast(PublicKey, responder.certificate.public_key())
    algorithm = algorithm_of(public_key)
    return FixedParts(
        named_issuers={name: _named_issuer(authority, name) for name in CertIdHash},
        key_label=responder.key_label,
        hash=SIGNING_HASH[algorithm],
        responder_id=der.explicit(2, der.octet_string(key_identifier(public_key))),
        signature_identifier=signature_identifier(algorithm),
        certificates=der.explicit(0, der.sequence(responder.certificate.public_bytes(Encoding.DER))),
    )


def encode_state(status: CertificateStatus, this_update: datetime, next_update: datetime) -> bytes:
    """What a SingleResponse says after its CertID."""
    return b"".join(
        (
            _condition(status),
            der.generalized_time(this_update),
            der.explicit(0, der.generalized_time(next_update)),
        )
    )


def _condition(status: CertificateStatus) -> bytes:
    if status.revoked_at is None:
        return der.implicit(0 if status.condition is Condition.GOOD else 2, b"")
    reason = b""
    if status.reason is not Reason.UNSPECIFIED:
        reason = der.explicit(0, der.enumerated(REASON_CODES[status.reason]))
    return der.explicit(1, der.generalized_time(status.revoked_at), reason)
