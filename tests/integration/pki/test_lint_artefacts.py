# SPDX-License-Identifier: EUPL-1.2
"""pkilint on every kind of artefact: nothing serious but what a profile expects."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest
from cryptography.hazmat.primitives.serialization import Encoding
from tests.support.answers import sign_answers
from tests.support.pki import LINES, PERSON_PROFILES, Demo

from varmentaja.pki.algorithms import PrivateKey
from varmentaja.pki.crl import Reason, encode_entry, sign_crl
from varmentaja.pki.lint import Finding, Severity
from varmentaja.pki.lint.external import lint_certificate, lint_crl, lint_ocsp
from varmentaja.pki.ocsp import CertIdHash, CertificateStatus, Condition
from varmentaja.pki.profile import load_profile

ROLES = ("root", "professionals", "temporary", "services")


def _serious(findings: tuple[Finding, ...]) -> set[tuple[str, str]]:
    serious = {Severity.FATAL, Severity.ERROR, Severity.WARNING}
    return {(finding.code, finding.location) for finding in findings if finding.severity in serious}


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("role", ROLES)
def test_authorities_and_their_responders_are_clean(demo: Demo, role: str, line: str) -> None:
    authority = demo.hierarchy.authority_for(role, line)
    certificates = [authority.certificate]
    if authority.responder:
        certificates.append(authority.responder.certificate)
    for certificate in certificates:
        assert _serious(lint_certificate(certificate.public_bytes(Encoding.DER), "pkix")) == set()


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("profile_id", PERSON_PROFILES)
def test_person_certificates_show_the_expected_findings_alone(
    demo: Demo, card_keys: dict[str, PrivateKey], profile_id: str, line: str
) -> None:
    der = demo.issue(profile_id, line, card_keys[line]).public_bytes(Encoding.DER)
    profile = load_profile(profile_id)
    assert _serious(lint_certificate(der, "pkix")) == set()
    known = {(entry.code, entry.location) for entry in profile.expected}
    assert _serious(lint_certificate(der, profile.linter)) <= known


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("role", ROLES)
def test_crls_are_clean_empty_and_with_every_reason(demo: Demo, role: str, line: str) -> None:
    reasons = [
        encode_entry(f"{0x40 + place:x}", demo.now, reason, invalid_since=demo.now)
        for place, reason in enumerate(Reason)
    ]
    authority = demo.hierarchy.authority_for(role, line)
    for entries, base in product(([], reasons), (None,) if authority.is_root else (None, 1)):
        der = sign_crl(
            authority,
            0,
            entries,
            demo.store,
            number=2,
            base_number=base,
            this_update=demo.now,
            next_update=demo.now + timedelta(days=2),
        )
        assert _serious(lint_crl(der)) == set()


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("role", ROLES[1:])
@pytest.mark.parametrize("name", list(CertIdHash))
def test_ocsp_answers_are_clean(demo: Demo, role: str, line: str, name: CertIdHash) -> None:
    for condition in Condition:
        revoked_at = demo.now if condition is Condition.REVOKED else None
        der = sign_answers(
            demo.hierarchy.authority_for(role, line),
            [CertificateStatus("40" * 16, condition, revoked_at, Reason.SUPERSEDED)],
            demo.store,
            name=name,
            this_update=demo.now,
            next_update=demo.now + timedelta(days=2),
            nonce=b"n" * 32,
        )
        assert _serious(lint_ocsp(der)) == set()


def test_the_linter_does_find_faults(demo: Demo, card_keys: dict[str, PrivateKey]) -> None:
    der = demo.issue("professional-auth", "ecc", card_keys["ecc"]).public_bytes(Encoding.DER)
    broken = der.replace(bytes.fromhex("0603551d130101ff04023000"), bytes.fromhex("0603551d1301010004023000"))
    assert broken != der
    assert lint_certificate(broken, "pkix")
