# SPDX-License-Identifier: EUPL-1.2
"""How a CertID names an authority (RFC 6960 §4.1.1)."""

from __future__ import annotations

from typing import NamedTuple

from cryptography.hazmat.primitives import hashes
from cryptography.x509 import Certificate, ocsp


class Issuer(NamedTuple):
    """How a CertID names the issuer."""

    hash_name: str
    """``sha1`` or ``sha256``."""
    name_hash: bytes
    key_hash: bytes


def issuers_of(certificate: Certificate) -> tuple[Issuer, Issuer]:
    """The two names by which a CertID may call this authority: by SHA-1 and by SHA-256."""
    return _issuer(certificate, hashes.SHA1()), _issuer(certificate, hashes.SHA256())  # noqa: S303  RFC 9919 §3.1.1


def _issuer(certificate: Certificate, algorithm: hashes.HashAlgorithm) -> Issuer:
    # A request about any certificate of this issuer holds the hash of its key. The name is the subject: what
    # add_certificate hashes is the issuer of its first argument, which here would be the authority above.
    request = ocsp.OCSPRequestBuilder().add_certificate(certificate, certificate, algorithm).build()
    digest = hashes.Hash(algorithm)
    digest.update(certificate.subject.public_bytes())
    return Issuer(algorithm.name, digest.finalize(), request.issuer_key_hash)
