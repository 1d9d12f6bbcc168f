# SPDX-License-Identifier: EUPL-1.2
"""Reading a certificate gives back what it was made from."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given
from hypothesis import strategies as st
from tests.support.pki import LINES, PHYSICIAN, Demo

from varmentaja.domain.errors import DomainError, Kind
from varmentaja.pki.algorithms import KeyAlgorithm, PrivateKey
from varmentaja.pki.profile import Purpose
from varmentaja.pki.reader import describe


@pytest.mark.parametrize("line", LINES)
def test_a_physicians_facts_read_back(demo: Demo, card_keys: dict[str, PrivateKey], line: str) -> None:
    certificate = demo.issue("professional-sign", line, card_keys[line])
    facts = describe(certificate.public_bytes(Encoding.DER))
    assert facts == describe(certificate)
    assert (facts.serial_number, facts.physician_code) == ("00198705840", "032680")
    assert (facts.given_names, facts.surname, facts.title) == ("Aino Maria", "Äijälä", "laillistettu lääkäri")
    assert facts.common_name == "Äijälä Aino 00198705840"
    assert facts.purpose is Purpose.SIGNATURE and facts.policies == ("1.3.6.1.4.1.32473.246.1.2",)
    assert facts.key_algorithm is (KeyAlgorithm.P384 if line == "ecc" else KeyAlgorithm.RSA3072)
    assert (facts.not_before, facts.not_after) == (demo.now, demo.now + timedelta(days=1826))
    assert int(facts.serial, 16) == certificate.serial_number


def test_what_is_absent_is_none(demo: Demo, card_keys: dict[str, PrivateKey]) -> None:
    nurse = replace(PHYSICIAN, title="laillistettu sairaanhoitaja", physician_code=None)
    facts = describe(demo.issue("professional-auth", "ecc", card_keys["ecc"], nurse))
    assert facts.physician_code is None and facts.organization is None
    assert facts.purpose is Purpose.AUTHENTICATION


def test_personnel_carry_their_organisation(demo: Demo, card_keys: dict[str, PrivateKey]) -> None:
    clerk = replace(
        PHYSICIAN, serial_number="999004228", title="osastosihteeri", organization="Esimerkin hyvinvointialue"
    )
    facts = describe(demo.issue("personnel-auth", "ecc", card_keys["ecc"], clerk))
    assert (facts.organization, facts.title) == ("Esimerkin hyvinvointialue", "osastosihteeri")


def test_an_authority_has_no_purpose_of_a_person(demo: Demo) -> None:
    assert describe(demo.hierarchy.authority("root-ecc").certificate).purpose is None


def test_a_repeated_attribute_cannot_be_read_two_ways(demo: Demo) -> None:
    titles = [x509.NameAttribute(x509.NameOID.TITLE, text) for text in ("lääkäri", "hammaslääkäri")]
    key = ec.generate_private_key(ec.SECP384R1())
    builder = x509.CertificateBuilder(
        x509.Name([]), x509.Name(titles), key.public_key(), 5, demo.now, demo.now + timedelta(days=1)
    )
    with pytest.raises(DomainError) as refused:
        describe(builder.sign(key, hashes.SHA384()))
    assert refused.value.kind is Kind.INVALID


@given(st.binary(max_size=200))
def test_noise_is_no_certificate(noise: bytes) -> None:
    with pytest.raises(DomainError):
        describe(noise)
