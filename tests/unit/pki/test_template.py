# SPDX-License-Identifier: EUPL-1.2
"""The template against ``cryptography``'s builder: the signed parts are equal to the byte."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import AuthorityInformationAccessOID
from tests.support.pki import LINES, PERSON_PROFILES, PHYSICIAN, Demo

from varmentaja.pki.algorithms import PrivateKey, PublicKey
from varmentaja.pki.names import encode_name, subject_values
from varmentaja.pki.profile import Profile, load_profile
from varmentaja.pki.template import Contents, Issuer, build_tbs


@pytest.fixture(scope="module")
def stand_ins() -> dict[str, PrivateKey]:
    """Keys that stand in for the authorities' own, which the builder cannot reach."""
    return {"ecc": ec.generate_private_key(ec.SECP384R1()), "rsa": rsa.generate_private_key(65537, 4096)}


def _uri(url: str) -> x509.UniformResourceIdentifier:
    return x509.UniformResourceIdentifier(url)


def _points(url: str) -> list[x509.DistributionPoint]:
    return [x509.DistributionPoint([_uri(url)], None, None, None)]


def _usage(names: tuple[str, ...]) -> x509.KeyUsage:
    bits = {"digital_signature", "key_encipherment", "data_encipherment", "key_agreement"}
    bits |= {"key_cert_sign", "crl_sign", "content_commitment", "encipher_only", "decipher_only"}
    given = {name.replace("non_repudiation", "content_commitment") for name in names}
    return x509.KeyUsage(**{bit: bit in given for bit in bits})


def _built(
    profile: Profile, issuer: Issuer, contents: Contents, usage: tuple[str, ...], key: PrivateKey
) -> bytes:
    assert issuer.certificate is not None
    policy = issuer.policy(profile)
    assert policy is not None
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.AuthorityKeyIdentifier(issuer.key_identifier, None, None), False),
        (x509.SubjectKeyIdentifier.from_public_key(contents.public_key), False),
        (_usage(usage), True),
        (x509.CertificatePolicies([x509.PolicyInformation(x509.ObjectIdentifier(policy), None)]), False),
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (x509.CRLDistributionPoints(_points(issuer.crl_url(contents.shard))), False),
    ]
    if profile.freshest_crl:
        extensions.append((x509.FreshestCRL(_points(issuer.delta_crl_url(contents.shard))), False))
    places = [
        (AuthorityInformationAccessOID.OCSP, issuer.ocsp_url),
        (AuthorityInformationAccessOID.CA_ISSUERS, issuer.certificate_url),
    ]
    access = [x509.AccessDescription(method, _uri(url)) for method, url in places]
    extensions.append((x509.AuthorityInformationAccess(access), False))
    builder = x509.CertificateBuilder(
        issuer_name=issuer.certificate.subject,
        subject_name=_name(profile),
        public_key=contents.public_key,
        serial_number=contents.serial,
        not_valid_before=contents.not_before,
        not_valid_after=contents.not_after,
    )
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    hash_function = hashes.SHA512() if isinstance(key, rsa.RSAPrivateKey) else hashes.SHA384()
    return builder.sign(key, hash_function).tbs_certificate_bytes


def _name(profile: Profile) -> x509.Name:
    oids = x509.NameOID
    values = {
        "country": (oids.COUNTRY_NAME, "FI"),
        "serial_number": (oids.SERIAL_NUMBER, "00198705840"),
        "given_name": (oids.GIVEN_NAME, "Aino Maria"),
        "surname": (oids.SURNAME, "Äijälä"),
        "title": (oids.TITLE, "laillistettu lääkäri"),
        "pseudonym": (oids.PSEUDONYM, "032680"),
        "common_name": (oids.COMMON_NAME, "Äijälä Aino 00198705840"),
    }
    printable = x509.name._ASN1Type.PrintableString
    return x509.Name(
        [
            x509.NameAttribute(*values[name], _type=printable)
            if name in {"serial_number", "pseudonym"}
            else x509.NameAttribute(*values[name])
            for name in profile.attributes
            if name in values
        ]
    )


@pytest.mark.parametrize("freshest", [False, True])
@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("profile_id", PERSON_PROFILES)
def test_the_signed_part_equals_the_builders(
    demo: Demo,
    card_keys: dict[str, PrivateKey],
    stand_ins: dict[str, PrivateKey],
    profile_id: str,
    line: str,
    freshest: bool,
) -> None:
    profile = replace(load_profile(profile_id), freshest_crl=freshest)
    issuer = demo.hierarchy.authority_for("professionals", line).issuer
    key: PublicKey = card_keys[line].public_key()
    contents = Contents(
        serial=0x4123456789ABCDEF0123456789ABCDEF,
        subject=encode_name(subject_values(PHYSICIAN, profile.attributes, profile.character_set)),
        public_key=key,
        not_before=demo.now,
        # Past 2049, so that both types of time are met.
        not_after=demo.now + timedelta(days=30 * 365),
        shard=3,
    )
    usage = {kind.is_rsa: bits for kind, bits in profile.key_usage}[line == "rsa"]
    assert build_tbs(profile, issuer, contents) == _built(profile, issuer, contents, usage, stand_ins[line])
