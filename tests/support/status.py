# SPDX-License-Identifier: EUPL-1.2
"""A small authority for tests of the status services: certificates, OCSP answers, CRLs, a publisher."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp
from cryptography.x509.oid import NameOID

from varmentaja.pki.publication import Answer, Crl, Gate, Publisher, verifier

NOW = datetime.now(UTC).replace(microsecond=0)
"""Real time: openssl checks the dates of answers by its own clock."""
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


def new_key() -> ec.EllipticCurvePrivateKey:
    """A P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


@dataclass
class Authority:
    """An authority that signs its own status; self-signed, or under ``root``."""

    name: str
    root: Authority | None = None
    key: ec.EllipticCurvePrivateKey = field(default_factory=new_key)
    certificate: x509.Certificate = field(init=False)

    def __post_init__(self) -> None:
        subject = _name(f"Test Authority {self.name}")
        issuer = self.root.certificate.subject if self.root else subject
        builder = _builder(issuer, subject, self.key.public_key(), x509.random_serial_number())
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        self.certificate = builder.sign((self.root or self).key, hashes.SHA256())

    @property
    def der(self) -> bytes:
        """The authority's certificate."""
        return self.certificate.public_bytes(Encoding.DER)

    def issue(self, serial: int | None = None) -> x509.Certificate:
        """Certify a fresh key."""
        builder = _builder(
            self.certificate.subject,
            _name("Subject"),
            new_key().public_key(),
            serial or x509.random_serial_number(),
        )
        return builder.sign(self.key, hashes.SHA256())

    def answer(
        self,
        serial: int,
        *,
        revoked: bool = False,
        now: datetime = NOW,
        valid: timedelta = 2 * DAY,
        revision: int | None = None,
    ) -> Answer:
        """Sign both answers for a serial."""
        sha1, sha256 = (self._sign(serial, revoked, now, valid, h) for h in (hashes.SHA1(), hashes.SHA256()))
        number = int(revoked) if revision is None else revision
        return Answer(self.name, serial, number, now, now + valid, sha1, sha256)

    def crl(
        self,
        serials: Iterable[int] = (),
        *,
        number: int,
        now: datetime = NOW,
        base: int | None = None,
        bare: bool = False,
    ) -> Crl:
        """Sign a CRL for shard 0, or a delta to the one numbered ``base``; ``bare`` without the authority's
        key identifier, which RFC 5280 wants in it."""
        entries = [
            x509.RevokedCertificateBuilder().serial_number(serial).revocation_date(now).build()
            for serial in serials
        ]
        builder = x509.CertificateRevocationListBuilder(
            self.certificate.subject, now, now + DAY, revoked_certificates=entries
        )
        builder = builder.add_extension(x509.CRLNumber(number), critical=False)
        if not bare:
            key = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
            builder = builder.add_extension(key, critical=False)
        if base is not None:
            builder = builder.add_extension(x509.DeltaCRLIndicator(base), critical=True)
        der = builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.DER)
        return Crl(self.name, "0" if base is None else "0-delta", number, now, now + DAY, der)

    def _sign(
        self, serial: int, revoked: bool, now: datetime, valid: timedelta, algorithm: hashes.HashAlgorithm
    ) -> bytes:
        asked = ocsp.OCSPRequestBuilder().add_certificate(self.issue(serial), self.certificate, algorithm)
        issuer = asked.build()
        builder = ocsp.OCSPResponseBuilder().add_response_by_hash(
            issuer.issuer_name_hash,
            issuer.issuer_key_hash,
            serial,
            algorithm,
            ocsp.OCSPCertStatus.REVOKED if revoked else ocsp.OCSPCertStatus.GOOD,
            now,
            now + valid,
            now if revoked else None,
            x509.ReasonFlags.key_compromise if revoked else None,
        )
        builder = builder.responder_id(ocsp.OCSPResponderEncoding.HASH, self.certificate)
        return builder.sign(self.key, hashes.SHA256()).public_bytes(Encoding.DER)


@dataclass
class Publication:
    """A publication folder with the key that signs it."""

    folder: Path
    gates: tuple[Gate, ...] = ()
    key: ec.EllipticCurvePrivateKey = field(default_factory=new_key)

    @property
    def publisher(self) -> Publisher:
        """A publisher as a worker process would make it."""
        return Publisher(self.folder, self.sign, verifier(self.key.public_key()), self.gates)

    @property
    def public_key(self) -> bytes:
        """PEM of the public key."""
        return self.key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def sign(self, data: bytes) -> bytes:
        """As the key store signs."""
        return self.key.sign(data, ec.ECDSA(hashes.SHA256()))


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _builder(
    issuer: x509.Name, subject: x509.Name, key: ec.EllipticCurvePublicKey, serial: int
) -> x509.CertificateBuilder:
    return x509.CertificateBuilder(issuer, subject, key, serial, NOW - DAY, NOW + 365 * DAY)
