# SPDX-License-Identifier: EUPL-1.2
"""Two-step issuance: what is signed is what was linted, once."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from tests.support.pki import LINES, PERSON_PROFILES, PHYSICIAN, Demo

from varmentaja.domain.errors import DomainError, Kind
from varmentaja.pki.algorithms import PrivateKey
from varmentaja.pki.issuance import CertificateRequest, LintedToken, issue, prepare
from varmentaja.pki.lint import CertificateRefused
from varmentaja.pki.profile import load_profile
from varmentaja.pki.serials import new_serial


def _request(demo: Demo, key: PrivateKey, profile: str = "professional-auth") -> CertificateRequest:
    return CertificateRequest(
        load_profile(profile), PHYSICIAN, key.public_key(), demo.now, demo.now + timedelta(days=1826)
    )


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("profile", PERSON_PROFILES)
def test_every_person_profile_is_issued_and_signed_by_its_authority(
    demo: Demo, card_keys: dict[str, PrivateKey], profile: str, line: str
) -> None:
    certificate = demo.issue(profile, line, card_keys[line])
    certificate.verify_directly_issued_by(demo.hierarchy.authority_for("professionals", line).certificate)
    assert certificate.public_key() == card_keys[line].public_key()


def test_the_signed_certificate_and_the_twin_have_the_same_signed_part(
    demo: Demo, card_keys: dict[str, PrivateKey]
) -> None:
    issuer = demo.hierarchy.authority("professionals-ecc").issuer
    token = prepare(_request(demo, card_keys["ecc"]), issuer, random=os.urandom)
    certificate = x509.load_der_x509_certificate(issue(token, demo.store))
    twin = x509.load_der_x509_certificate(token.twin)
    assert certificate.tbs_certificate_bytes == twin.tbs_certificate_bytes
    assert certificate.signature != twin.signature
    assert f"{certificate.serial_number:x}" == token.serial


def test_a_token_is_used_once(demo: Demo, card_keys: dict[str, PrivateKey]) -> None:
    issuer = demo.hierarchy.authority("professionals-ecc").issuer
    token = prepare(_request(demo, card_keys["ecc"]), issuer, random=os.urandom)
    issue(token, demo.store)
    with pytest.raises(DomainError) as refused:
        issue(token, demo.store)
    assert refused.value.kind is Kind.CONFLICT


def test_a_token_cannot_be_made_by_hand(demo: Demo, card_keys: dict[str, PrivateKey]) -> None:
    issuer = demo.hierarchy.authority("professionals-ecc").issuer
    with pytest.raises(TypeError):
        LintedToken(
            object(),
            tbs=b"",
            twin=b"",
            serial=1,
            request=_request(demo, card_keys["ecc"]),
            issuer=issuer,
            findings=(),
        )


@pytest.mark.parametrize(
    "key", [ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP521R1())]
)
def test_other_curves_are_refused_for_card_keys(demo: Demo, key: PrivateKey) -> None:
    with pytest.raises(DomainError) as refused:
        prepare(_request(demo, key), demo.hierarchy.authority("professionals-ecc").issuer, random=os.urandom)
    assert refused.value.kind is Kind.INVALID and refused.value.field == "public_key"


@pytest.mark.parametrize(("bits", "exponent"), [(2048, 65537), (3072, 3)])
def test_other_rsa_keys_are_refused_for_card_keys(demo: Demo, bits: int, exponent: int) -> None:
    key = rsa.generate_private_key(exponent, bits)
    with pytest.raises(DomainError) as refused:
        prepare(_request(demo, key), demo.hierarchy.authority("professionals-rsa").issuer, random=os.urandom)
    assert refused.value.field == "public_key"


def test_an_authority_of_another_role_does_not_issue(demo: Demo, card_keys: dict[str, PrivateKey]) -> None:
    with pytest.raises(DomainError) as refused:
        prepare(
            _request(demo, card_keys["ecc"]),
            demo.hierarchy.authority("services-ecc").issuer,
            random=os.urandom,
        )
    assert refused.value.kind is Kind.NOT_ALLOWED


def test_a_missing_title_is_refused(demo: Demo, card_keys: dict[str, PrivateKey]) -> None:
    request = replace(_request(demo, card_keys["ecc"]), subject=replace(PHYSICIAN, title=None))
    with pytest.raises(DomainError, match="title"):
        prepare(request, demo.hierarchy.authority("professionals-ecc").issuer, random=os.urandom)


@pytest.mark.parametrize("days", [0, -1, 1828])
def test_a_wrong_period_is_refused(demo: Demo, card_keys: dict[str, PrivateKey], days: int) -> None:
    request = replace(_request(demo, card_keys["ecc"]), not_after=demo.now + timedelta(days=days))
    with pytest.raises(DomainError):
        prepare(request, demo.hierarchy.authority("professionals-ecc").issuer, random=os.urandom)


def test_a_certificate_outside_its_issuers_validity_is_refused_by_lint(
    demo: Demo, card_keys: dict[str, PrivateKey]
) -> None:
    request = replace(_request(demo, card_keys["ecc"]), not_before=demo.now - timedelta(days=1))
    with pytest.raises(CertificateRefused, match="outside_issuers_validity"):
        prepare(request, demo.hierarchy.authority("professionals-ecc").issuer, random=os.urandom)


def test_an_expected_finding_that_no_longer_occurs_stops_issuance(
    demo: Demo, card_keys: dict[str, PrivateKey]
) -> None:
    profile = load_profile("professional-auth")
    gone = replace(profile.expected[0], code="etsi.no_such_finding")
    request = replace(
        _request(demo, card_keys["ecc"]), profile=replace(profile, expected=(*profile.expected, gone))
    )
    with pytest.raises(CertificateRefused, match="expected_finding_missing"):
        prepare(request, demo.hierarchy.authority("professionals-ecc").issuer, random=os.urandom)


def test_a_finding_that_is_not_expected_stops_issuance(demo: Demo, card_keys: dict[str, PrivateKey]) -> None:
    profile = replace(load_profile("professional-auth"), expected=())
    with pytest.raises(CertificateRefused, match="mixed_pseudonym"):
        prepare(
            replace(_request(demo, card_keys["ecc"]), profile=profile),
            demo.hierarchy.authority("professionals-ecc").issuer,
            random=os.urandom,
        )


def test_a_key_store_with_another_key_is_noticed(demo: Demo, card_keys: dict[str, PrivateKey]) -> None:
    issuer = replace(demo.hierarchy.authority("professionals-ecc").issuer, key_label="temporary-ecc")
    token = prepare(_request(demo, card_keys["ecc"]), issuer, random=os.urandom)
    with pytest.raises(DomainError) as refused:
        issue(token, demo.store)
    assert refused.value.kind is Kind.NOT_ALLOWED


@pytest.mark.parametrize("octet", [b"\x00", b"\xff"])
def test_serials_are_positive_and_sixteen_octets_whatever_the_randomness(octet: bytes) -> None:
    serial = new_serial(lambda length: octet * length)
    assert len(serial) == 32 and 0x40 <= int(serial[:2], 16) <= 0x7F
