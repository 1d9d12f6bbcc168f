# SPDX-License-Identifier: EUPL-1.2
"""Issuance in two steps: ``prepare`` builds and lints, ``issue`` signs once what was linted (decision 9 of
the house).

The only way to a signed certificate is a `LintedToken`, the only way to a token is `prepare`, and a token
works once.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from varmentaja.domain.errors import conflict, invalid, not_allowed
from varmentaja.pki.algorithms import (
    CURVES,
    RSA_BITS,
    SIGNING_HASH,
    KeyAlgorithm,
    PrivateKey,
    PublicKey,
    algorithm_of,
    hash_function,
    verifies,
)
from varmentaja.pki.keystore.base import KeyStore
from varmentaja.pki.lint import Circumstances, Finding, judge, lint_certificate, own_findings
from varmentaja.pki.names import Attribute, Subject, encode_name, subject_values
from varmentaja.pki.profile import Occasion, Profile
from varmentaja.pki.serials import new_serial, serial_text
from varmentaja.pki.template import Contents, Issuer, build_tbs, join_signature

_lint_lock = threading.Lock()  # pkilint's documents are not known to be safe for threads
_made_here = object()


@dataclass(frozen=True, slots=True)
class CertificateRequest:
    """One certificate to make. Times are aware; seconds count, fractions are dropped."""

    profile: Profile
    subject: Subject
    public_key: PublicKey
    not_before: datetime
    not_after: datetime
    shard: int = 0


class LintedToken:
    """A certificate that passed its checks and may be signed once. Made by `prepare` alone."""

    __slots__ = ("_lock", "_tbs", "_used", "findings", "issuer", "profile", "serial", "shard", "twin")

    def __init__(
        self,
        made_here: object,
        *,
        tbs: bytes,
        twin: bytes,
        serial: int,
        request: CertificateRequest,
        issuer: Issuer,
        findings: tuple[Finding, ...],
    ) -> None:
        if made_here is not _made_here:
            raise TypeError("tokens are made by prepare()")
        self._tbs = tbs
        self._used = False
        self._lock = threading.Lock()
        self.twin = twin
        """The same certificate signed by a throw-away key: store it before `issue`."""
        self.serial = serial_text(serial)
        self.profile = request.profile
        self.shard = request.shard
        self.issuer = issuer
        self.findings = findings
        """Expected and minor findings of the lint."""

    def redeem(self) -> bytes:
        """The bytes to sign; `conflict` the second time."""
        with self._lock:
            if self._used:
                raise conflict("This certificate was signed already.")
            self._used = True
        return self._tbs


def prepare(
    request: CertificateRequest, issuer: Issuer, *, random: Callable[[int], bytes], serial: str | None = None
) -> LintedToken:
    """First step: build, sign a twin with a throw-away key of the issuer's kind, lint.

    ``serial`` is drawn from ``random`` unless one was reserved before (`new_serial`). Raises `invalid` for
    a name, key or period that the profile does not carry, and `CertificateRefused` with the findings of the
    lint.
    """
    profile = request.profile
    values = subject_values(request.subject, profile.attributes, profile.character_set)
    _check(request, issuer, {attribute for attribute, _ in values})
    number = int(serial or new_serial(random), 16)
    contents = Contents(
        serial=number,
        subject=encode_name(values),
        public_key=request.public_key,
        not_before=request.not_before,
        not_after=request.not_after,
        shard=request.shard,
    )
    tbs = build_tbs(profile, issuer, contents)
    twin = join_signature(tbs, issuer.algorithm, _throw_away_signature(issuer.algorithm, tbs))
    given = Circumstances(profile, issuer, request.shard)
    with _lint_lock:
        findings = own_findings(twin, given) + lint_certificate(twin, profile.linter)
    accepted = judge(findings, profile.expected, algorithm_of(request.public_key), _occasions(issuer, values))
    return LintedToken(
        _made_here, tbs=tbs, twin=twin, serial=number, request=request, issuer=issuer, findings=accepted
    )


def issue(token: LintedToken, store: KeyStore) -> bytes:
    """Second step: sign the linted bytes with the issuer's key; returns the certificate as DER.

    `conflict` if the token was used; `not_allowed` if the store's key is not the issuer's. The answer is
    parsed again: its signed part is that of the twin, and the issuer's public key verifies it.
    """
    issuer = token.issuer
    tbs = token.redeem()
    name = SIGNING_HASH[issuer.algorithm]
    signature = store.sign(issuer.key_label, tbs, name)
    der = join_signature(tbs, issuer.algorithm, signature)
    certificate = x509.load_der_x509_certificate(der)
    twin = x509.load_der_x509_certificate(token.twin)
    if certificate.tbs_certificate_bytes != twin.tbs_certificate_bytes:
        raise AssertionError("signed bytes differ from the linted ones")
    if not verifies(issuer.public_key, certificate.signature, tbs, name):
        raise not_allowed("The key in the key store is not that of the authority %(id)s.", id=issuer.id)
    return der


def _check(request: CertificateRequest, issuer: Issuer, present: set[Attribute]) -> None:
    profile = request.profile
    profile.usage(algorithm_of(request.public_key))
    if issuer.role not in profile.issuers:
        raise not_allowed("The authority %(id)s does not issue such certificates.", id=issuer.id)
    if not 0 <= request.shard < issuer.shards:
        raise invalid("The authority %(id)s has no such list of revoked certificates.", id=issuer.id)
    missing = set(profile.required) - present
    if missing:
        raise invalid("The certificate's holder lacks: %(names)s", names=", ".join(sorted(missing)))
    if not timedelta() < request.not_after - request.not_before < timedelta(days=profile.longest_days + 1):
        raise invalid("The certificate's period of validity is not right.", field="not_after")


def _occasions(issuer: Issuer, values: tuple[tuple[Attribute, str], ...]) -> frozenset[Occasion]:
    occasions = {Occasion.ALWAYS}
    if any(attribute is Attribute.PSEUDONYM for attribute, _ in values):
        occasions.add(Occasion.PSEUDONYM)
    if _is_local(issuer.base_url):
        occasions.add(Occasion.LOCAL_URLS)
    return frozenset(occasions)


def _is_local(url: str) -> bool:
    try:
        return ip_address(urlsplit(url).hostname or "").is_loopback
    except ValueError:
        return False


def _throw_away_signature(algorithm: KeyAlgorithm, data: bytes) -> bytes:
    key = _throw_away_key(algorithm)
    name = hash_function(SIGNING_HASH[algorithm])
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(data, padding.PKCS1v15(), name)
    return key.sign(data, ec.ECDSA(name))


@cache
def _throw_away_key(algorithm: KeyAlgorithm) -> PrivateKey:
    """A key of this process alone that signs twins and nothing else; an RSA one takes up to a second to
    make.
    """
    if algorithm.is_rsa:
        return rsa.generate_private_key(65537, RSA_BITS[algorithm])
    return ec.generate_private_key(CURVES[algorithm])
