# SPDX-License-Identifier: EUPL-1.2
"""Our own lint rules find what they are for, and the judgement over findings."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from tests.support.pki import PHYSICIAN, Demo

from varmentaja.pki import der
from varmentaja.pki.algorithms import KeyAlgorithm, PrivateKey
from varmentaja.pki.lint import CertificateRefused, Circumstances, Finding, Severity, judge, own_findings
from varmentaja.pki.names import Attribute, CharacterSet, encode_name, subject_values
from varmentaja.pki.profile import ExpectedFinding, Occasion, Profile, load_profile
from varmentaja.pki.template import Contents, Issuer, build_tbs, join_signature

PROFILE = load_profile("professional-auth")


def _codes(demo: Demo, made_as: Profile, contents: Contents, issuer: Issuer | None = None) -> set[str]:
    """Build by one profile and issuer, lint by the right ones."""
    right = demo.hierarchy.authority("professionals-ecc").issuer
    tbs = build_tbs(made_as, issuer or right, contents)
    certificate = join_signature(tbs, (issuer or right).algorithm, b"")
    found = own_findings(certificate, Circumstances(PROFILE, right, 0))
    return {finding.code.removeprefix("varmentaja.") for finding in found}


@pytest.fixture
def contents(demo: Demo, card_keys: dict[str, PrivateKey]) -> Contents:
    """What a right certificate holds."""
    subject = encode_name(subject_values(PHYSICIAN, PROFILE.attributes, CharacterSet.UTF8))
    return Contents(
        1 << 126, subject, card_keys["ecc"].public_key(), demo.now, demo.now + timedelta(days=30), 0
    )


def test_a_right_certificate_has_no_finding(demo: Demo, contents: Contents) -> None:
    assert _codes(demo, PROFILE, contents) == set()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"serial": 12345}, "house.serial_number_randomness"),
        ({"serial": 1 << 159}, "rfc5280.4.1.2.2.serial_number"),
        ({"shard": 1}, "profile.crl_distribution_points"),
        ({"subject": der.sequence()}, "profile.subject_attribute_missing"),
    ],
)
def test_wrong_contents_are_found(
    demo: Demo, contents: Contents, change: dict[str, object], code: str
) -> None:
    assert code in _codes(demo, PROFILE, replace(contents, **change))  # type: ignore[arg-type]  # one


@pytest.mark.parametrize(
    ("days", "code"),
    [
        ((0, 1829), "profile.longest_days"),
        ((-1, 30), "rfc5280.6.1.outside_issuers_validity"),
        ((0, 40 * 365), "rfc5280.6.1.outside_issuers_validity"),
        ((30, 1), "rfc5280.4.1.2.5.validity"),
    ],
)
def test_a_wrong_period_is_found(demo: Demo, contents: Contents, days: tuple[int, int], code: str) -> None:
    begins, ends = (demo.now + timedelta(days=number) for number in days)
    assert code in _codes(demo, PROFILE, replace(contents, not_before=begins, not_after=ends))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"policy": "7.7"}, "profile.certificate_policies"),
        ({"policy": None}, "profile.certificate_policies"),
        ({"ocsp": False}, "profile.authority_information_access"),
        ({"crl": False}, "profile.crl_distribution_points"),
        ({"freshest_crl": False}, "profile.freshest_crl"),
        ({"extended_key_usage": ("1.3.6.1.5.5.7.3.2",)}, "profile.extended_key_usage"),
    ],
)
def test_wrong_extensions_are_found(
    demo: Demo, contents: Contents, change: dict[str, object], code: str
) -> None:
    made_as = replace(PROFILE, **change)  # type: ignore[arg-type]  # one field each
    assert _codes(demo, made_as, contents) == {code}


def test_encipherment_bits_on_an_elliptic_key_are_found(demo: Demo, contents: Contents) -> None:
    usage = ((KeyAlgorithm.P384, ("digital_signature", "key_encipherment", "data_encipherment")),)
    found = _codes(demo, replace(PROFILE, key_usage=usage), contents)
    assert found == {"profile.key_usage", "rfc8813.3.encipherment_on_ec_key"}


def test_a_key_of_another_kind_is_found(demo: Demo, contents: Contents) -> None:
    key = ec.generate_private_key(ec.SECP256R1()).public_key()
    made_as = replace(PROFILE, key_usage=((KeyAlgorithm.P256, ("digital_signature",)),))
    found = own_findings(
        join_signature(
            build_tbs(
                made_as,
                demo.hierarchy.authority("professionals-ecc").issuer,
                replace(contents, public_key=key),
            ),
            KeyAlgorithm.P384,
            b"",
        ),
        Circumstances(PROFILE, demo.hierarchy.authority("professionals-ecc").issuer, 0),
    )
    assert found and all(finding.severity is Severity.ERROR for finding in found)


def test_another_issuer_is_found(demo: Demo, contents: Contents) -> None:
    found = _codes(demo, PROFILE, contents, demo.hierarchy.authority("services-ecc").issuer)
    assert {"rfc5280.4.1.2.4.issuer", "rfc5280.4.2.1.1.authority_key_identifier"} <= found


def test_attributes_out_of_order_repeated_or_unknown_are_found(demo: Demo, contents: Contents) -> None:
    values = subject_values(PHYSICIAN, PROFILE.attributes, CharacterSet.UTF8)
    for wrong in (
        values[::-1],
        (*values, values[-1]),
        (*values[:-1], (Attribute.ORGANIZATION, "Esimerkki"), values[-1]),
    ):
        assert "profile.subject_attributes" in _codes(
            demo, PROFILE, replace(contents, subject=encode_name(wrong))
        )


def test_a_mark_that_does_not_fit_the_hierarchy_is_found(demo: Demo, contents: Contents) -> None:
    right = demo.hierarchy.authority("professionals-ecc").issuer
    production = replace(right, test=False)
    certificate = join_signature(build_tbs(PROFILE, right, contents), right.algorithm, b"")
    found = own_findings(certificate, Circumstances(PROFILE, production, 0))
    assert [finding.code for finding in found] == ["varmentaja.house.test_mark"]


def test_what_is_no_certificate_is_a_finding(demo: Demo) -> None:
    issuer = demo.hierarchy.authority("professionals-ecc").issuer
    found = own_findings(b"\x30\x00", Circumstances(PROFILE, issuer, 0))
    assert [finding.code for finding in found] == ["varmentaja.rfc5280.4.1.unreadable"]


def _expected(*when: Occasion, algorithms: tuple[KeyAlgorithm, ...] = ()) -> ExpectedFinding:
    return ExpectedFinding("a.known", "here", "for the test", when, algorithms)


KNOWN = Finding("a.known", Severity.ERROR, "here")


def test_an_expected_finding_is_accepted_where_it_is_due() -> None:
    assert judge([KNOWN], [_expected(Occasion.ALWAYS)], KeyAlgorithm.P384, frozenset(Occasion)) == (KNOWN,)


@pytest.mark.parametrize(
    "findings",
    [
        [],
        [replace(KNOWN, location="elsewhere")],
        [KNOWN, replace(KNOWN, code="b.unknown")],
        [KNOWN, replace(KNOWN, severity=Severity.FATAL, code="c.unknown")],
    ],
)
def test_anything_else_is_refused(findings: list[Finding]) -> None:
    with pytest.raises(CertificateRefused) as refused:
        judge(findings, [_expected(Occasion.ALWAYS)], KeyAlgorithm.P384, frozenset(Occasion))
    assert refused.value.findings


def test_an_expectation_counts_only_on_its_occasion_and_for_its_kind_of_key() -> None:
    always = frozenset({Occasion.ALWAYS})
    assert judge([], [_expected(Occasion.PSEUDONYM)], KeyAlgorithm.P384, always) == ()
    rsa_only = _expected(Occasion.ALWAYS, algorithms=(KeyAlgorithm.RSA3072,))
    assert judge([], [rsa_only], KeyAlgorithm.P384, always) == ()
    with pytest.raises(CertificateRefused):
        judge([KNOWN], [rsa_only], KeyAlgorithm.P384, always)


@pytest.mark.parametrize("severity", [Severity.WARNING, Severity.NOTICE, Severity.INFO, Severity.DEBUG])
def test_lesser_findings_are_kept_but_do_not_stop(severity: Severity) -> None:
    minor = replace(KNOWN, severity=severity)
    assert judge([minor], [], KeyAlgorithm.P384, frozenset()) == (minor,)
