# SPDX-License-Identifier: EUPL-1.2
"""OCSP answers as ``cryptography`` reads them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import ocsp as library
from tests.support.answers import sign_answers
from tests.support.pki import LINES, Demo

from varmentaja.domain.errors import DomainError
from varmentaja.pki.algorithms import SIGNING_HASH, PrivateKey, PublicKey, algorithm_of, verifies
from varmentaja.pki.crl import Reason
from varmentaja.pki.ocsp import (
    CertIdHash,
    CertificateStatus,
    Condition,
    ErrorStatus,
    error_response,
    issuer_hashes,
)
from varmentaja.pki.presigning import Presigner
from varmentaja.pki.serials import serial_text

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=48)


@pytest.mark.parametrize("line", LINES)
def test_both_answers_say_the_same_under_either_hash(demo: Demo, line: str) -> None:
    authority = demo.hierarchy.authority(f"professionals-{line}")
    status = CertificateStatus("7f" * 16, Condition.REVOKED, NOW, Reason.KEY_COMPROMISE)
    answers = Presigner(authority, demo.store, this_update=NOW, next_update=LATER).sign(status)
    for der, name in ((answers.sha1, "sha1"), (answers.sha256, "sha256")):
        answer = library.load_der_ocsp_response(der)
        assert answer.response_status is library.OCSPResponseStatus.SUCCESSFUL
        assert answer.hash_algorithm.name == name and answer.serial_number == int("7f" * 16, 16)
        assert answer.certificate_status is library.OCSPCertStatus.REVOKED
        assert answer.revocation_time_utc == NOW
        assert answer.revocation_reason is x509.ReasonFlags.key_compromise
        assert (answer.this_update_utc, answer.next_update_utc) == (NOW, LATER)
        assert answer.produced_at_utc == NOW


@pytest.mark.parametrize("line", LINES)
def test_answers_are_signed_by_the_delegated_responder_they_carry(demo: Demo, line: str) -> None:
    authority = demo.hierarchy.authority(f"temporary-{line}")
    status = CertificateStatus("40")
    answers = Presigner(authority, demo.store, this_update=NOW, next_update=LATER).sign(status)
    answer = library.load_der_ocsp_response(answers.sha1)
    (carried,) = answer.certificates
    assert authority.responder is not None and carried == authority.responder.certificate
    key = cast(PublicKey, carried.public_key())
    name = SIGNING_HASH[algorithm_of(key)]
    assert verifies(key, answer.signature, answer.tbs_response_bytes, name)
    assert answer.responder_key_hash == x509.SubjectKeyIdentifier.from_public_key(key).digest


@pytest.mark.parametrize("name", list(CertIdHash))
def test_issuers_are_named_as_clients_name_them(
    demo: Demo, card_keys: dict[str, PrivateKey], name: CertIdHash
) -> None:
    authority = demo.hierarchy.authority("professionals-ecc")
    certificate = demo.issue("professional-auth", "ecc", card_keys["ecc"])
    algorithm = hashes.SHA1() if name is CertIdHash.SHA1 else hashes.SHA256()
    builder = library.OCSPRequestBuilder().add_certificate(certificate, authority.certificate, algorithm)
    request = builder.build()
    assert issuer_hashes(authority, name) == (request.issuer_name_hash, request.issuer_key_hash)


def test_good_and_unknown_and_a_revocation_without_reason(demo: Demo) -> None:
    authority = demo.hierarchy.authority("professionals-ecc")
    statuses = {
        library.OCSPCertStatus.GOOD: CertificateStatus("40"),
        library.OCSPCertStatus.UNKNOWN: CertificateStatus("40", Condition.UNKNOWN),
        library.OCSPCertStatus.REVOKED: CertificateStatus("40", Condition.REVOKED, NOW),
    }
    for expected, status in statuses.items():
        answers = Presigner(authority, demo.store, this_update=NOW, next_update=LATER).sign(status)
        answer = library.load_der_ocsp_response(answers.sha256)
        assert answer.certificate_status is expected and answer.revocation_reason is None


def test_several_certificates_and_a_nonce_fit_in_one_answer(demo: Demo) -> None:
    authority = demo.hierarchy.authority("professionals-ecc")
    statuses = [CertificateStatus(serial_text(serial)) for serial in (200, 65_535, 1 << 126)]
    der = sign_answers(
        authority,
        statuses,
        demo.store,
        name=CertIdHash.SHA256,
        this_update=NOW,
        next_update=LATER,
        nonce=b"n" * 32,
    )
    answer = library.load_der_ocsp_response(der)
    assert [single.serial_number for single in answer.responses] == [200, 65_535, 1 << 126]
    nonce = answer.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
    assert nonce == b"n" * 32


def test_a_root_has_no_responder(demo: Demo) -> None:
    with pytest.raises(DomainError, match="no OCSP responder"):
        Presigner(demo.hierarchy.authority("root-ecc"), demo.store, this_update=NOW, next_update=LATER).sign(
            CertificateStatus("40")
        )


def test_a_revoked_status_needs_its_time_and_no_other_has_one() -> None:
    with pytest.raises(ValueError, match="time of revocation"):
        CertificateStatus("40", Condition.REVOKED)
    with pytest.raises(ValueError, match="time of revocation"):
        CertificateStatus("40", Condition.GOOD, NOW)


@pytest.mark.parametrize("status", list(ErrorStatus))
def test_error_answers_hold_their_status_alone(status: ErrorStatus) -> None:
    answer = library.load_der_ocsp_response(error_response(status))
    assert answer.response_status.value == status.value
