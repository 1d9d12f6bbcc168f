# SPDX-License-Identifier: EUPL-1.2
"""Issuance in two steps: ``prepare`` builds and lints, ``issue`` signs once what was linted (decision 9 of
the house).

The only way to a signed certificate is a `LintedToken`, the only way to a token is `prepare`, and a token
works once.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, partial
from ipaddress import ip_address
from itertools import chain
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from varmentaja.domain.batch import attempt, go_on, only
from varmentaja.domain.errors import DomainError, conflict, invalid, not_allowed
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
from varmentaja.pki.lint import Circumstances, Finding, judge, lint_certificates, own_findings
from varmentaja.pki.names import Attribute, Subject, encode_name, subject_values
from varmentaja.pki.principal_name import check_principal_name
from varmentaja.pki.profile import Occasion, Profile
from varmentaja.pki.serials import new_serial, serial_text
from varmentaja.pki.template import Contents, Issuer, build_tbs, join_signature

_CORES = len(os.sched_getaffinity(0))
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

    __slots__ = ("_lock", "_tbs", "_used", "findings", "issuer", "request", "serial", "twin")

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
        self.request = request
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


def prepare(request: CertificateRequest, issuer: Issuer, *, random: Callable[[int], bytes]) -> LintedToken:
    """First step: build, sign a twin with a throw-away key of the issuer's kind, lint.

    The serial is drawn from ``random``. Raises `invalid` for a name, key or period that the profile does not
    carry, and `CertificateRefused` with the findings of the lint.
    """
    return only(prepare_all([(request, issuer)], random=random))


def prepare_all(
    requests: Sequence[tuple[CertificateRequest, Issuer]], *, random: Callable[[int], bytes]
) -> list[LintedToken | DomainError]:
    """`prepare` for many at once: for each its token, or why it is refused. All are linted together."""
    drafts = [attempt(partial(_draft, random=random), request) for request in requests]
    return go_on(drafts, _lint)


def issue(token: LintedToken, store: KeyStore) -> bytes:
    """Second step: sign the linted bytes with the issuer's key; returns the certificate as DER.

    `conflict` if the token was used; `not_allowed` if the store's key is not the issuer's.
    """
    return only(issue_all([token], store))


def issue_all(tokens: Sequence[LintedToken], store: KeyStore) -> list[bytes | DomainError]:
    """`issue` for many: for each its certificate, or why there is none. Signing runs on all cores."""
    sign = partial(_issue_part, store=store)
    if len(tokens) <= 1:
        return sign(tokens)
    size = -(-len(tokens) // _CORES)
    parts = [tokens[place : place + size] for place in range(0, len(tokens), size)]
    with ThreadPoolExecutor(_CORES) as threads:  # a signature and its check hold no lock of the interpreter
        return list(chain.from_iterable(threads.map(sign, parts)))


def _issue_part(tokens: Sequence[LintedToken], store: KeyStore) -> list[bytes | DomainError]:
    return [attempt(partial(_issue, store=store), token) for token in tokens]


def _issue(token: LintedToken, store: KeyStore) -> bytes:
    tbs, issuer = token.redeem(), token.issuer
    signature = store.sign(issuer.key_label, tbs, SIGNING_HASH[issuer.algorithm])
    der = join_signature(tbs, issuer.algorithm, signature)
    check_issued(der, token)
    return der


def check_issued(der: bytes, token: LintedToken) -> None:
    """What was issued is parsed again: its signed part is that of the twin, and the issuer's public key
    verifies it; else AssertionError or `not_allowed`.
    """
    issuer = token.issuer
    certificate = x509.load_der_x509_certificate(der)
    tbs = certificate.tbs_certificate_bytes
    if tbs != x509.load_der_x509_certificate(token.twin).tbs_certificate_bytes:
        raise AssertionError("signed bytes differ from the linted ones")
    if not verifies(issuer.public_key, certificate.signature, tbs, SIGNING_HASH[issuer.algorithm]):
        raise not_allowed("The key in the key store is not that of the authority %(id)s.", id=issuer.id)


@dataclass(frozen=True, slots=True)
class _Draft:
    """A certificate that is built and has a twin, before lint."""

    request: CertificateRequest
    issuer: Issuer
    values: tuple[tuple[Attribute, str], ...]
    serial: int
    tbs: bytes
    twin: bytes


def _draft(wanted: tuple[CertificateRequest, Issuer], random: Callable[[int], bytes]) -> _Draft:
    request, issuer = wanted
    profile = request.profile
    values = subject_values(request.subject, profile.attributes, profile.character_set)
    _check(request, issuer, {attribute for attribute, _ in values})
    serial = int(new_serial(random), 16)
    contents = Contents(
        serial=serial,
        subject=encode_name(values),
        public_key=request.public_key,
        not_before=request.not_before,
        not_after=request.not_after,
        shard=request.shard,
        user_principal_name=_principal_name(request),
    )
    tbs = build_tbs(profile, issuer, contents)
    return _Draft(request, issuer, values, serial, tbs, make_twin(tbs, issuer.algorithm))


def _lint(drafts: Sequence[_Draft]) -> list[LintedToken | DomainError]:
    """Judge what pkilint and our own rules say of the twins."""
    found = lint_certificates([(draft.twin, draft.request.profile.linter) for draft in drafts])
    return [attempt(_judge, each) for each in zip(drafts, found, strict=True)]


def _judge(linted: tuple[_Draft, tuple[Finding, ...]]) -> LintedToken:
    draft, findings = linted
    request, issuer = draft.request, draft.issuer
    findings += own_findings(draft.twin, Circumstances(request.profile, issuer, request.shard))
    algorithm = algorithm_of(request.public_key)
    pseudonym = any(attribute is Attribute.PSEUDONYM for attribute, _ in draft.values)
    accepted = judge(findings, request.profile.expected, algorithm, occasions(issuer, pseudonym=pseudonym))
    return LintedToken(
        _made_here,
        tbs=draft.tbs,
        twin=draft.twin,
        serial=draft.serial,
        request=request,
        issuer=issuer,
        findings=accepted,
    )


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


def _principal_name(request: CertificateRequest) -> str | None:
    if not request.profile.user_principal_name:
        return None
    return check_principal_name(request.subject.user_principal_name or "")


def occasions(issuer: Issuer, *, pseudonym: bool) -> frozenset[Occasion]:
    """The circumstances of a certificate by which findings are expected."""
    given = {Occasion.ALWAYS: True, Occasion.PSEUDONYM: pseudonym, Occasion.LOCAL_URLS: _is_local(issuer)}
    return frozenset(occasion for occasion, is_given in given.items() if is_given)


def _is_local(issuer: Issuer) -> bool:
    try:
        return ip_address(urlsplit(issuer.base_url).hostname or "").is_loopback
    except ValueError:
        return False


def make_twin(tbs: bytes, algorithm: KeyAlgorithm) -> bytes:
    """The certificate as it will be, signed by a throw-away key of the same kind: for lint alone."""
    key = throw_away_key(algorithm)
    name = hash_function(SIGNING_HASH[algorithm])
    if isinstance(key, rsa.RSAPrivateKey):
        signature = key.sign(tbs, padding.PKCS1v15(), name)
    else:
        signature = key.sign(tbs, ec.ECDSA(name))
    return join_signature(tbs, algorithm, signature)


@cache
def throw_away_key(algorithm: KeyAlgorithm) -> PrivateKey:
    """A key of this process alone that signs twins and nothing else; an RSA one takes up to a second to
    make.
    """
    if algorithm.is_rsa:
        return rsa.generate_private_key(65537, RSA_BITS[algorithm])
    return ec.generate_private_key(CURVES[algorithm])
