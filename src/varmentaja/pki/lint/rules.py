# SPDX-License-Identifier: EUPL-1.2
"""Our own rules: what a parsed certificate must say by its profile and issuer, each code naming its clause.

They read the certificate with ``cryptography``, not with our encoder, so that an encoding fault shows as
well.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cryptography import x509
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtensionOID

from varmentaja.domain.errors import DomainError
from varmentaja.pki import principal_name
from varmentaja.pki.algorithms import SIGNING_HASH, algorithm_of
from varmentaja.pki.der_reader import Reader
from varmentaja.pki.lint.findings import Finding, Severity
from varmentaja.pki.names import RULES
from varmentaja.pki.profile import KEY_USAGE_BITS, Profile, Role
from varmentaja.pki.template import Issuer, key_identifier

_TEST_MARK = "TEST"


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the certificate was made for."""

    profile: Profile
    issuer: Issuer
    shard: int


def own_findings(der: bytes, given: Circumstances) -> tuple[Finding, ...]:
    """All our rules over one certificate; each finding is an ERROR."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        rules = (
            _serial,
            _algorithms,
            _validity,
            _subject,
            _names,
            _usage,
            _identifiers,
            _addresses,
            _policies,
            _alternative_names,
        )
        return tuple(finding for rule in rules for finding in rule(certificate, given))
    except (ValueError, DomainError) as error:
        return (_finding("rfc5280.4.1.unreadable", "certificate", str(error)),)


def _finding(code: str, location: str, detail: str = "") -> Finding:
    return Finding(f"varmentaja.{code}", Severity.ERROR, location, detail)


def _serial(certificate: x509.Certificate, given: Circumstances) -> Iterator[Finding]:
    if certificate.serial_number <= 0 or certificate.serial_number.bit_length() > 159:
        yield _finding("rfc5280.4.1.2.2.serial_number", "serialNumber", "positive, at most 20 octets")
    if certificate.serial_number.bit_length() < 64:
        yield _finding("house.serial_number_randomness", "serialNumber", "fewer than 64 bits")


def _algorithms(certificate: x509.Certificate, given: Circumstances) -> Iterator[Finding]:
    algorithm = algorithm_of(certificate.public_key())
    if algorithm not in {kind for kind, _ in given.profile.key_usage}:
        yield _finding("profile.key_kind", "subjectPublicKeyInfo", algorithm)
    used = certificate.signature_hash_algorithm
    if used is None or used.name != SIGNING_HASH[given.issuer.algorithm]:
        yield _finding("profile.signature_algorithm", "signature")


def _validity(certificate: x509.Certificate, given: Circumstances) -> Iterator[Finding]:
    begins, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if not begins < ends:
        yield _finding("rfc5280.4.1.2.5.validity", "validity", "ends before it begins")
    if (ends - begins).days > given.profile.longest_days:
        yield _finding("profile.longest_days", "validity")
    issuer = given.issuer.certificate
    if issuer and not (issuer.not_valid_before_utc <= begins and ends <= issuer.not_valid_after_utc):
        yield _finding("rfc5280.6.1.outside_issuers_validity", "validity")


def _subject(certificate: x509.Certificate, given: Circumstances) -> Iterator[Finding]:
    order = {RULES[attribute].oid: place for place, attribute in enumerate(given.profile.attributes)}
    oids = [attribute.oid.dotted_string for attribute in certificate.subject]
    if any(oid not in order for oid in oids) or sorted(set(oids), key=lambda oid: order[oid]) != oids:
        yield _finding("profile.subject_attributes", "subject", " ".join(oids))
    for required in given.profile.required:
        if RULES[required].oid not in oids:
            yield _finding("profile.subject_attribute_missing", "subject", required)


def _names(certificate: x509.Certificate, given: Circumstances) -> Iterator[Finding]:
    if certificate.issuer.public_bytes() != given.issuer.name:
        yield _finding("rfc5280.4.1.2.4.issuer", "issuer")
    named = [given.issuer.name] + ([certificate.subject.public_bytes()] if given.profile.is_authority else [])
    if any((_TEST_MARK.encode() in name) is not given.issuer.test for name in named):
        yield _finding("house.test_mark", "issuer", "a TEST hierarchy carries TEST in every authority's name")


def _usage(certificate: x509.Certificate, given: Circumstances) -> Iterator[Finding]:
    usage = certificate.extensions.get_extension_for_class(x509.KeyUsage)
    names = {"non_repudiation": "content_commitment"}
    bits = {name for name in KEY_USAGE_BITS if getattr(usage.value, names.get(name, name))}
    if bits != set(given.profile.usage(algorithm_of(certificate.public_key()))) or not usage.critical:
        yield _finding("profile.key_usage", "keyUsage", " ".join(sorted(bits)))
    if not algorithm_of(certificate.public_key()).is_rsa and bits & {"key_encipherment", "data_encipherment"}:
        yield _finding("rfc8813.3.encipherment_on_ec_key", "keyUsage")
    basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints)
    expected = (given.profile.is_authority, given.profile.path_length)
    if not basic.critical or (basic.value.ca, basic.value.path_length) != expected:
        yield _finding("profile.basic_constraints", "basicConstraints")


def _identifiers(certificate: x509.Certificate, given: Circumstances) -> Iterator[Finding]:
    own = certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    public = certificate.public_key()
    algorithm_of(public)
    if own != x509.SubjectKeyIdentifier.from_public_key(public).digest:
        yield _finding("rfc5280.4.2.1.2.subject_key_identifier", "subjectKeyIdentifier")
    authority = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    if authority.key_identifier != key_identifier(given.issuer.public_key):
        yield _finding("rfc5280.4.2.1.1.authority_key_identifier", "authorityKeyIdentifier")


def _addresses(certificate: x509.Certificate, given: Circumstances) -> Iterator[Finding]:
    profile, issuer = given.profile, given.issuer
    points = _distribution_points(certificate, ExtensionOID.CRL_DISTRIBUTION_POINTS)
    if points != ([issuer.crl_url(given.shard)] if profile.crl else []):
        yield _finding("profile.crl_distribution_points", "cRLDistributionPoints", " ".join(points))
    fresh = _distribution_points(certificate, ExtensionOID.FRESHEST_CRL)
    if fresh != ([issuer.delta_crl_url(given.shard)] if profile.freshest_crl else []):
        yield _finding("profile.freshest_crl", "freshestCRL", " ".join(fresh))
    places = _authority_information(certificate)
    wanted = [(AuthorityInformationAccessOID.OCSP, issuer.ocsp_url)] if profile.ocsp else []
    if profile.role is not Role.ROOT:
        wanted.append((AuthorityInformationAccessOID.CA_ISSUERS, issuer.certificate_url))
    if places != wanted:
        yield _finding("profile.authority_information_access", "authorityInfoAccess")


def _policies(certificate: x509.Certificate, given: Circumstances) -> Iterator[Finding]:
    policies = [] if not _has(certificate, ExtensionOID.CERTIFICATE_POLICIES) else _policy_oids(certificate)
    wanted = given.issuer.policy(given.profile)
    if policies != ([wanted] if wanted else []):
        yield _finding("profile.certificate_policies", "certificatePolicies", " ".join(policies))
    usages: list[str] = []
    if _has(certificate, ExtensionOID.EXTENDED_KEY_USAGE):
        extended = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
        usages = [usage.dotted_string for usage in extended.value]
    if tuple(usages) != given.profile.extended_key_usage:
        yield _finding("profile.extended_key_usage", "extKeyUsage", " ".join(usages))
    no_check = _has(certificate, ExtensionOID.OCSP_NO_CHECK)
    if no_check is not (given.profile.role is Role.OCSP_RESPONDER):
        yield _finding("rfc6960.4.2.2.2.1.ocsp_no_check", "ocspNoCheck")


def _alternative_names(certificate: x509.Certificate, given: Circumstances) -> Iterator[Finding]:
    names: list[x509.GeneralName] = []
    if _has(certificate, ExtensionOID.SUBJECT_ALTERNATIVE_NAME):
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
        names = list(extension.value)
    expected = 1 if given.profile.user_principal_name else 0
    if len(names) != expected or not all(_is_principal_name(name) for name in names):
        yield _finding("profile.subject_alternative_name", "subjectAltName")


def _is_principal_name(name: x509.GeneralName) -> bool:
    if not isinstance(name, x509.OtherName) or name.type_id.dotted_string != principal_name.OID:
        return False
    try:
        value = Reader(name.value)
        text = value.read(0x0C).decode("utf-8")
        value.end()
        return principal_name.check_principal_name(text) == text
    except (ValueError, DomainError):
        return False


def _has(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> bool:
    return any(extension.oid == oid for extension in certificate.extensions)


def _policy_oids(certificate: x509.Certificate) -> list[str]:
    policies = certificate.extensions.get_extension_for_class(x509.CertificatePolicies)
    return [policy.policy_identifier.dotted_string for policy in policies.value]


def _distribution_points(certificate: x509.Certificate, oid: x509.ObjectIdentifier) -> list[str]:
    if not _has(certificate, oid):
        return []
    points = certificate.extensions.get_extension_for_oid(oid).value
    assert isinstance(points, x509.CRLDistributionPoints | x509.FreshestCRL)
    return [name.value for point in points for name in point.full_name or ()]


def _authority_information(certificate: x509.Certificate) -> list[tuple[x509.ObjectIdentifier, str]]:
    if not _has(certificate, ExtensionOID.AUTHORITY_INFORMATION_ACCESS):
        return []
    access = certificate.extensions.get_extension_for_class(x509.AuthorityInformationAccess)
    return [(place.access_method, place.access_location.value) for place in access.value]
