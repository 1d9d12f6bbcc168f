# SPDX-License-Identifier: EUPL-1.2
"""The certificate with which this program speaks HTTPS on 127.0.0.1, made on this computer for this user.

Two steps, so that a browser is told once whom to trust although the certificate itself is renewed each year:
a local authority that name constraints hold to ``127.0.0.1`` and ``localhost`` (whoever steals its key can
impersonate this computer to itself and nobody else), and the certificate it signs.
"""

from __future__ import annotations

import os
import ssl
import tempfile
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

ADDRESS, NAME = IPv4Address("127.0.0.1"), "localhost"

AUTHORITY_LASTS = timedelta(days=3653)
LASTS = timedelta(days=365)
RENEWED_BEFORE = timedelta(days=30)
"""How long before its end a certificate is made anew."""
_SKEW = timedelta(hours=1)
"""Clocks that were wrong yesterday must not make today's certificate one of the future."""

_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def now_utc() -> datetime:
    """The present moment."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class _Pair:
    """A certificate and its key."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    def lasts_until(self, moment: datetime) -> bool:
        return self.certificate.not_valid_before_utc <= moment <= self.certificate.not_valid_after_utc

    def pem(self) -> bytes:
        key = self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return key + self.certificate.public_bytes(Encoding.PEM)


class LocalTls:
    """Certificate and authority in a folder of the user's own; made when they are first needed."""

    def __init__(self, folder: Path, now: Callable[[], datetime] = now_utc) -> None:
        """``folder`` is made, readable by the user alone."""
        self._folder = folder
        self._now = now
        self._lock = threading.Lock()
        self._server: _Pair | None = None
        self._context: ssl.SSLContext | None = None

    @property
    def authority_file(self) -> Path:
        """The authority's certificate (PEM), for browsers to trust."""
        with self._lock:
            self._authority()
        return self._public

    def authority(self) -> x509.Certificate:
        """The authority's certificate."""
        with self._lock:
            return self._authority().certificate

    def context(self) -> ssl.SSLContext:
        """For the next connection: the same as before until the certificate has to be renewed."""
        with self._lock:
            server = self._current()
            if self._context is None or server is not self._server:
                self._server, self._context = server, self._new_context()
            return self._context

    @property
    def _public(self) -> Path:
        return self._folder / "local-authority.crt"

    @property
    def _authority_secret(self) -> Path:
        return self._folder / "local-authority.pem"

    @property
    def _server_secret(self) -> Path:
        return self._folder / "localhost.pem"

    def _new_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.load_cert_chain(self._server_secret)
        return context

    def _current(self) -> _Pair:
        """The server's certificate, which the present authority signed and which lasts for a while."""
        authority = self._authority()
        server = self._server or _read(self._server_secret)
        if server is None or not _is_of(server, authority, self._now()):
            server = _make_server(authority, self._now())
            _write(self._server_secret, server.pem())
        return server

    def _authority(self) -> _Pair:
        """The authority; a new one while the old one still covers a whole certificate."""
        authority = _read(self._authority_secret)
        if authority is None or not authority.lasts_until(self._now() + LASTS):
            authority = _make_authority(self._now())
            _write(self._authority_secret, authority.pem())
        public = authority.certificate.public_bytes(Encoding.PEM)
        if not self._public.is_file() or self._public.read_bytes() != public:
            _write(self._public, public)
        return authority


def _is_of(server: _Pair, authority: _Pair, now: datetime) -> bool:
    try:
        server.certificate.verify_directly_issued_by(authority.certificate)
    except (ValueError, TypeError, InvalidSignature):  # another authority's name, kind of key, or key
        return False
    return server.lasts_until(now) and server.lasts_until(now + RENEWED_BEFORE)


def _make_authority(now: datetime) -> _Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    serial = x509.random_serial_number()
    # Each authority has a name of its own: programs that find two of one name may take the wrong one.
    name = _name(f"Varmentaja on this computer {serial:x}"[:40])
    builder = _builder(name, name, key.public_key(), serial, now, now + AUTHORITY_LASTS)
    certificate = (
        builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage("key_cert_sign"), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.NameConstraints([x509.DNSName(NAME), x509.IPAddress(IPv4Network((ADDRESS, 32)))], None),
            critical=True,
        )
        .sign(key, hashes.SHA256())
    )
    return _Pair(certificate, key)


def _make_server(authority: _Pair, now: datetime) -> _Pair:
    key = ec.generate_private_key(ec.SECP256R1())
    issuer = authority.certificate
    builder = _builder(
        _name(str(ADDRESS)), issuer.subject, key.public_key(), x509.random_serial_number(), now, now + LASTS
    )
    certificate = (
        builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage("digital_signature"), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName(NAME), x509.IPAddress(ADDRESS)]), critical=False
        )
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()), critical=False
        )
        .sign(authority.key, hashes.SHA256())
    )
    return _Pair(certificate, key)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    serial: int,
    now: datetime,
    end: datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(serial)
        .not_valid_before(now - _SKEW)
        .not_valid_after(end)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
    )


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


def _usage(allowed: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{name: name == allowed for name in _USAGES})


def _read(path: Path) -> _Pair | None:
    """Key and certificate; None where they are missing or broken, so that they are made anew."""
    try:
        pem = path.read_bytes()
        key = load_pem_private_key(pem, None)
        certificate = x509.load_pem_x509_certificate(pem)
    except (OSError, ValueError):
        return None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
        return None
    return _Pair(certificate, key)


def _write(path: Path, content: bytes) -> None:
    """A file of mode 0600 (mkstemp's), whole or not there: another program may be starting beside us."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, draft = tempfile.mkstemp(prefix=".", dir=path.parent)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
    Path(draft).replace(path)
