# SPDX-License-Identifier: EUPL-1.2
"""The to-be-signed part of a certificate, as DER.

What is the same for every certificate of one profile, authority and kind of key is compiled once; a
certificate adds serial, dates, subject, key and key identifier. Tests hold it against ``cryptography``'s
builder byte by byte.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from cryptography import x509

from varmentaja.pki import der
from varmentaja.pki.algorithms import KeyAlgorithm, PublicKey, algorithm_of, signature_identifier, spki
from varmentaja.pki.der_reader import Reader
from varmentaja.pki.principal_name import alternative_name
from varmentaja.pki.profile import KEY_USAGE_BITS, Profile, Role

OCSP_METHOD = "1.3.6.1.5.5.7.48.1"
CA_ISSUERS_METHOD = "1.3.6.1.5.5.7.48.2"


@dataclass(frozen=True, slots=True)
class Issuer:
    """What a certificate says of its issuer: names, key identifier, addresses and policy OIDs."""

    id: str
    role: str
    test: bool
    name: bytes
    """Name as DER."""
    key_label: str
    public_key: PublicKey = field(hash=False)  # the library's keys compare, but have no hash
    base_url: str
    policy_arc: str
    policy_by_profile: tuple[tuple[str, str], ...]
    shards: int
    certificate: x509.Certificate | None = field(hash=False)
    """None only while a root signs itself."""

    @property
    def algorithm(self) -> KeyAlgorithm:
        """The kind of the issuer's key."""
        return algorithm_of(self.public_key)

    @property
    def key_identifier(self) -> bytes:
        """SHA-1 of the public key bits."""
        return key_identifier(self.public_key)

    @property
    def ocsp_url(self) -> str:
        """Where its OCSP responder answers."""
        return f"{self.base_url}/ocsp/{self.id}"

    @property
    def certificate_url(self) -> str:
        """Where its certificate is fetched."""
        return f"{self.base_url}/ca/{self.id}.crt"

    def crl_url(self, shard: int) -> str:
        """Where the CRL of one shard is fetched."""
        return f"{self.base_url}/crl/{self.id}/{shard}.crl"

    def delta_crl_url(self, shard: int) -> str:
        """Where the delta CRL of one shard is fetched (profiles with ``freshest_crl``)."""
        return f"{self.base_url}/crl/{self.id}/{shard}-delta.crl"

    def policy(self, profile: Profile) -> str | None:
        """The policy OID of certificates by a profile; a variant has that of the profile it varies."""
        if profile.policy is None:
            return None
        chosen = dict(self.policy_by_profile)
        for name in profile.lineage:
            if name in chosen:
                return chosen[name]
        if profile.policy.startswith("="):
            return profile.policy[1:]
        return f"{self.policy_arc}.{profile.policy}"


@dataclass(frozen=True, slots=True)
class Contents:
    """What is particular to one certificate."""

    serial: int
    subject: bytes
    """Name as DER."""
    public_key: PublicKey
    not_before: datetime
    not_after: datetime
    shard: int
    user_principal_name: str | None = None


def build_tbs(profile: Profile, issuer: Issuer, contents: Contents) -> bytes:
    """TBSCertificate of RFC 5280 §4.1 as DER."""
    before, after = _static_extensions(profile, issuer, algorithm_of(contents.public_key), contents.shard)
    key = spki(contents.public_key)
    own_identifier = der.extension("2.5.29.14", der.octet_string(_identifier(key)))
    name = contents.user_principal_name
    alternative = alternative_name(name) if name is not None else b""
    return der.sequence(
        der.explicit(0, der.integer(2)),
        der.integer(contents.serial),
        signature_identifier(issuer.algorithm),
        issuer.name,
        der.sequence(der.time(contents.not_before), der.time(contents.not_after)),
        contents.subject,
        key,
        der.explicit(3, der.sequence(before, own_identifier, after, alternative)),
    )


def join_signature(tbs: bytes, issuer_algorithm: KeyAlgorithm, signature: bytes) -> bytes:
    """Certificate or CertificateList: signed part, algorithm, signature."""
    return der.sequence(tbs, signature_identifier(issuer_algorithm), der.bit_string(signature))


def key_identifier(key: PublicKey) -> bytes:
    """SHA-1 of the subjectPublicKey bits (RFC 5280 §4.2.1.2, method 1)."""
    return _identifier(spki(key))


def _identifier(key: bytes) -> bytes:
    info = Reader.whole(key, 0x30)
    info.read(0x30)
    return hashlib.sha1(info.read(0x03)[1:], usedforsecurity=False).digest()


def distribution_point(url: str) -> bytes:
    """DistributionPointName ``[0] { fullName [0] { URI } }`` (RFC 5280 §4.2.1.13)."""
    return der.explicit(0, der.explicit(0, der.implicit(6, url.encode("ascii"))))


@lru_cache(maxsize=512)
def _static_extensions(
    profile: Profile, issuer: Issuer, algorithm: KeyAlgorithm, shard: int
) -> tuple[bytes, bytes]:
    """Extensions before and after the subject key identifier, in the order of the national certificates."""
    authority_key = der.extension("2.5.29.35", der.sequence(der.implicit(0, issuer.key_identifier)))
    parts = [der.extension("2.5.29.15", _key_usage(profile.usage(algorithm)), critical=True)]
    if policy := issuer.policy(profile):
        parts.append(der.extension("2.5.29.32", der.sequence(der.sequence(der.oid(policy)))))
    parts.append(der.extension("2.5.29.19", _basic_constraints(profile), critical=True))
    if profile.extended_key_usage:
        parts.append(der.extension("2.5.29.37", der.sequence(*map(der.oid, profile.extended_key_usage))))
    if profile.crl:
        points = der.sequence(der.sequence(distribution_point(issuer.crl_url(shard))))
        parts.append(der.extension("2.5.29.31", points))
    if profile.freshest_crl:
        points = der.sequence(der.sequence(distribution_point(issuer.delta_crl_url(shard))))
        parts.append(der.extension("2.5.29.46", points))
    if profile.role is Role.OCSP_RESPONDER:
        parts.append(der.extension("1.3.6.1.5.5.7.48.1.5", der.NULL))
    if profile.role is not Role.ROOT:
        parts.append(der.extension("1.3.6.1.5.5.7.1.1", _authority_information(profile, issuer)))
    return authority_key, b"".join(parts)


def _key_usage(usage: tuple[str, ...]) -> bytes:
    positions = [KEY_USAGE_BITS[name] for name in usage]
    octet = sum(0x80 >> position for position in positions)
    return der.tlv(0x03, bytes([7 - max(positions), octet]))


def _basic_constraints(profile: Profile) -> bytes:
    if not profile.is_authority:
        return der.sequence()
    length = b"" if profile.path_length is None else der.integer(profile.path_length)
    return der.sequence(der.TRUE, length)


def _authority_information(profile: Profile, issuer: Issuer) -> bytes:
    places = [(OCSP_METHOD, issuer.ocsp_url)] if profile.ocsp else []
    places.append((CA_ISSUERS_METHOD, issuer.certificate_url))
    return der.sequence(
        *(der.sequence(der.oid(method), der.implicit(6, url.encode("ascii"))) for method, url in places)
    )
