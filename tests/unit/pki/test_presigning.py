# SPDX-License-Identifier: EUPL-1.2
"""Answers signed by the hundred are, but for their signatures, those that are signed one by one."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest
from cryptography.x509 import ocsp as library
from hypothesis import given
from hypothesis import strategies as st
from tests.support.answers import sign_answers
from tests.support.pki import LINES, Demo

from varmentaja.domain.errors import DomainError
from varmentaja.pki import presigning
from varmentaja.pki.algorithms import SIGNING_HASH, PublicKey, algorithm_of, verifies
from varmentaja.pki.crl import Reason
from varmentaja.pki.ocsp import CertIdHash, CertificateStatus, Condition, SignedAnswers
from varmentaja.pki.presigning import Presigner
from varmentaja.pki.serials import serial_text

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LATER = NOW + timedelta(hours=48)


def _presigner(demo: Demo, line: str) -> Presigner:
    authority = demo.hierarchy.authority(f"professionals-{line}")
    return Presigner(authority, demo.store, this_update=NOW, next_update=LATER)


def _check(demo: Demo, line: str, status: CertificateStatus, signed: SignedAnswers) -> None:
    authority = demo.hierarchy.authority(f"professionals-{line}")
    assert authority.responder is not None
    key = cast(PublicKey, authority.responder.certificate.public_key())
    for name, der in ((CertIdHash.SHA1, signed.sha1), (CertIdHash.SHA256, signed.sha256)):
        alone = sign_answers(authority, [status], demo.store, name=name, this_update=NOW, next_update=LATER)
        one, other = library.load_der_ocsp_response(der), library.load_der_ocsp_response(alone)
        assert one.tbs_response_bytes == other.tbs_response_bytes
        assert verifies(key, one.signature, one.tbs_response_bytes, SIGNING_HASH[algorithm_of(key)])
        assert one.certificates == other.certificates
        assert len(der) - len(one.signature) == len(alone) - len(other.signature)


@given(serial=st.integers(1, (1 << 159) - 1))
def test_serials_of_any_length(demo: Demo, serial: int) -> None:
    presigner, status = _presigner(demo, "ecc"), CertificateStatus(serial_text(serial))
    _check(demo, "ecc", status, presigner.sign(status))


@pytest.mark.parametrize("line", LINES)
def test_many_keep_their_order_whoever_signs_them(demo: Demo, line: str) -> None:
    revoked = CertificateStatus("40", Condition.REVOKED, NOW, Reason.SUPERSEDED)
    count = 1100 if line == "ecc" else 8
    statuses = [CertificateStatus(serial_text(serial)) for serial in range(100, 100 + count)] + [revoked]
    with ThreadPoolExecutor(3) as pool:
        signed = list(_presigner(demo, line).sign_all(statuses, pool))
    assert len(signed) == len(statuses)
    for status, each in list(zip(statuses, signed, strict=True))[-1::-90]:
        _check(demo, line, status, each)


@pytest.mark.parametrize("count", [4, 8, 9, 15, 16, 20])
def test_blocks_parts_and_a_short_end_keep_their_order(
    demo: Demo, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    for name, size in (("_BLOCK", 8), ("_FEW", 3), ("_PART", 5)):
        monkeypatch.setattr(presigning, name, size)
    statuses = [CertificateStatus(serial_text(serial)) for serial in range(100, 100 + count)]
    with ThreadPoolExecutor(3) as pool:
        signed = list(_presigner(demo, "ecc").sign_all(statuses, pool))
    for status, each in zip(statuses, signed, strict=True):
        _check(demo, "ecc", status, each)


def test_few_wait_for_nobody_in_the_pool(demo: Demo) -> None:
    pool = ThreadPoolExecutor(1)
    pool.shutdown()  # it would take nothing
    (signed,) = _presigner(demo, "ecc").sign_all([CertificateStatus("40")], pool)
    _check(demo, "ecc", CertificateStatus("40"), signed)


def test_a_root_has_no_responder(demo: Demo) -> None:
    with pytest.raises(DomainError, match="no OCSP responder"):
        Presigner(demo.hierarchy.authority("root-ecc"), demo.store, this_update=NOW, next_update=LATER)
