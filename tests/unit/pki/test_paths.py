# SPDX-License-Identifier: EUPL-1.2
"""Paths: only certificates of this hierarchy, in their time, for their purpose."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from tests.support.pki import BASE_URL, LINES, PERSON_PROFILES, Demo

from varmentaja.domain.errors import DomainError, Kind
from varmentaja.pki.algorithms import PrivateKey
from varmentaja.pki.ceremony import demo_plan, perform_ceremony
from varmentaja.pki.keystore import open_software_store
from varmentaja.pki.paths import profile_of, validate_path
from varmentaja.pki.profile import Purpose


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("profile_id", PERSON_PROFILES)
def test_a_certificate_is_valid_for_its_own_purpose_alone(
    demo: Demo, card_keys: dict[str, PrivateKey], profile_id: str, line: str
) -> None:
    certificate = demo.issue(profile_id, line, card_keys[line])
    own = Purpose.SIGNATURE if profile_id.endswith("sign") else Purpose.AUTHENTICATION
    other = Purpose.AUTHENTICATION if own is Purpose.SIGNATURE else Purpose.SIGNATURE
    authority = validate_path(certificate, demo.hierarchy, now=demo.now, purpose=own)
    assert authority.id == f"professionals-{line}"
    found = profile_of(certificate, authority)
    assert found is not None and found.id == profile_id
    with pytest.raises(DomainError, match="another purpose"):
        validate_path(certificate, demo.hierarchy, now=demo.now, purpose=other)


@pytest.mark.parametrize("days", [-1, 1827])
def test_before_and_after_its_time_it_is_not_valid(
    demo: Demo, card_keys: dict[str, PrivateKey], days: int
) -> None:
    certificate = demo.issue("professional-auth", "ecc", card_keys["ecc"])
    with pytest.raises(DomainError, match="not valid now") as refused:
        validate_path(certificate, demo.hierarchy, now=demo.now + timedelta(days=days))
    assert refused.value.kind is Kind.NOT_ALLOWED


def test_a_stranger_and_a_forger_are_refused(demo: Demo, card_keys: dict[str, PrivateKey]) -> None:
    right = demo.issue("professional-auth", "ecc", card_keys["ecc"])
    forger = ec.generate_private_key(ec.SECP384R1())
    for issuer in (x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Stranger")]), right.issuer):
        builder = x509.CertificateBuilder(
            issuer, right.subject, right.public_key(), 5, demo.now, demo.now + timedelta(days=9)
        )
        for extension in right.extensions:
            builder = builder.add_extension(extension.value, extension.critical)
        forged = builder.sign(forger, hashes.SHA384())
        with pytest.raises(DomainError):
            validate_path(forged, demo.hierarchy, now=demo.now)


def test_a_changed_certificate_is_refused(demo: Demo, card_keys: dict[str, PrivateKey]) -> None:
    der = demo.issue("professional-auth", "ecc", card_keys["ecc"]).public_bytes(Encoding.DER)
    changed = der.replace(b"00198705840", b"00198705841")
    with pytest.raises(DomainError, match="not valid"):
        validate_path(x509.load_der_x509_certificate(changed), demo.hierarchy, now=demo.now)


def test_another_ceremony_of_the_same_names_is_refused(
    demo: Demo, card_keys: dict[str, PrivateKey], tmp_path: Path
) -> None:
    store = open_software_store(tmp_path / "keys", b"x", random=os.urandom)
    plan = demo_plan(BASE_URL)
    other = perform_ceremony(plan, store, tmp_path / "h", now=demo.now, random=os.urandom)
    certificate = demo.issue("professional-auth", "ecc", card_keys["ecc"])
    with pytest.raises(DomainError, match="not valid"):
        validate_path(certificate, other, now=demo.now)


def test_authorities_and_responders_are_not_persons(demo: Demo) -> None:
    authority = demo.hierarchy.authority("professionals-ecc")
    assert authority.responder is not None
    for certificate in (authority.responder.certificate, authority.certificate):
        with pytest.raises(DomainError):
            validate_path(certificate, demo.hierarchy, now=demo.now, purpose=Purpose.AUTHENTICATION)
