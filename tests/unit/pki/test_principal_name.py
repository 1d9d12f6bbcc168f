# SPDX-License-Identifier: EUPL-1.2
"""User principal names: user@domain in UTF-8, in subjectAltName, and only by the profiles that say so."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID
from hypothesis import given
from hypothesis import strategies as st
from tests.support.pki import LINES, PERSON_PROFILES, PHYSICIAN, Demo

from varmentaja.domain.errors import DomainError, Kind
from varmentaja.pki import der
from varmentaja.pki.algorithms import PrivateKey
from varmentaja.pki.issuance import CertificateRequest, prepare
from varmentaja.pki.lint import Circumstances, own_findings
from varmentaja.pki.principal_name import OID, alternative_name, check_principal_name
from varmentaja.pki.profile import load_profile

LOGON_PROFILES = ("professional-auth-logon", "personnel-auth-logon")
NAME = "äijälä.aino@ward.example"
HOLDER = replace(PHYSICIAN, user_principal_name=NAME)


@pytest.mark.parametrize(
    "name",
    [
        "aino@ward.example",
        "00198705840@ward.example",
        "a.b-c_d@a.b",
        "äijälä@sairaala-1.example.fi",
        "o'a@x.y",
    ],
)
def test_a_user_at_a_domain_is_a_principal_name(name: str) -> None:
    assert check_principal_name(name) == name


@pytest.mark.parametrize(
    "name",
    [
        "",
        "aino",
        "@ward.example",
        "aino@",
        "aino@ward",
        "aino@ward@example.fi",
        "aino maria@ward.example",
        "aino@ward..example",
        ".aino@ward.example",
        "aino.@ward.example",
        "ai..no@ward.example",
        "aino@-ward.example",
        "aino@ward-.example",
        "aino@wärd.example",
        "WARD\\aino@ward.example",
        "aino/admin@ward.example",
        "aino@ward.example\n",
        "ai\x00no@ward.example",
        f"{'a' * 65}@ward.example",
        f"aino@{'a' * 64}.example",
        f"aino@{'a.' * 127}example",
    ],
)
def test_anything_else_is_refused(name: str) -> None:
    with pytest.raises(DomainError) as refused:
        check_principal_name(name)
    assert refused.value.kind is Kind.INVALID
    assert refused.value.field == "user_principal_name"


def test_a_decomposed_name_is_composed() -> None:
    assert check_principal_name("a\u0308ija\u0308@ward.example") == "äijä@ward.example"


@given(st.text(max_size=40))
def test_what_is_accepted_has_one_at_and_no_space(text: str) -> None:
    try:
        name = check_principal_name(f"{text}@ward.example")
    except DomainError:
        return
    assert name.count("@") == 1 and not any(letter.isspace() or not letter.isprintable() for letter in name)


def test_it_is_an_other_name_of_a_utf8_string() -> None:
    value = x509.OtherName(x509.ObjectIdentifier(OID), der.utf8_string(NAME))
    assert alternative_name(NAME) == der.extension(
        "2.5.29.17", x509.SubjectAlternativeName([value]).public_bytes()
    )


def _twin(demo: Demo, card_keys: dict[str, PrivateKey], profile: str, line: str) -> x509.Certificate:
    """The certificate as it would be issued, after its lint."""
    request = CertificateRequest(
        load_profile(profile), HOLDER, card_keys[line].public_key(), demo.now, demo.now + timedelta(days=1826)
    )
    issuer = demo.hierarchy.authority_for("professionals", line).issuer
    return x509.load_der_x509_certificate(prepare(request, issuer, random=os.urandom).twin)


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("profile", LOGON_PROFILES)
def test_the_variant_carries_the_name_and_the_usage_and_passes_lint(
    demo: Demo, card_keys: dict[str, PrivateKey], profile: str, line: str
) -> None:
    extensions = _twin(demo, card_keys, profile, line).extensions
    names = extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert list(names.value) == [x509.OtherName(x509.ObjectIdentifier(OID), der.utf8_string(NAME))]
    usage = extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    assert list(usage.value) == [ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SMARTCARD_LOGON]
    assert not names.critical and not usage.critical


@pytest.mark.parametrize("profile", PERSON_PROFILES)
def test_no_other_profile_carries_either(demo: Demo, card_keys: dict[str, PrivateKey], profile: str) -> None:
    present = {extension.oid for extension in _twin(demo, card_keys, profile, "ecc").extensions}
    assert not present & {ExtensionOID.SUBJECT_ALTERNATIVE_NAME, ExtensionOID.EXTENDED_KEY_USAGE}


@pytest.mark.parametrize("name", [None, "aino"])
def test_the_variant_is_not_issued_without_a_right_name(
    demo: Demo, card_keys: dict[str, PrivateKey], name: str | None
) -> None:
    request = CertificateRequest(
        load_profile(LOGON_PROFILES[0]),
        replace(PHYSICIAN, user_principal_name=name),
        card_keys["ecc"].public_key(),
        demo.now,
        demo.now + timedelta(days=1826),
    )
    issuer = demo.hierarchy.authority_for("professionals", "ecc").issuer
    with pytest.raises(DomainError) as refused:
        prepare(request, issuer, random=os.urandom)
    assert refused.value.kind is Kind.INVALID


@pytest.mark.parametrize("judged_as", ["professional-auth", "professional-auth-logon"])
def test_lint_finds_a_name_too_many_and_a_name_too_few(
    demo: Demo, card_keys: dict[str, PrivateKey], judged_as: str
) -> None:
    issuer = demo.hierarchy.authority_for("professionals", "ecc").issuer
    for made_as in ("professional-auth", "professional-auth-logon"):
        made = _twin(demo, card_keys, made_as, "ecc").public_bytes(Encoding.DER)
        found = own_findings(made, Circumstances(load_profile(judged_as), issuer, 0))
        codes = {each.code for each in found}
        assert ("varmentaja.profile.subject_alternative_name" in codes) is (made_as != judged_as)
