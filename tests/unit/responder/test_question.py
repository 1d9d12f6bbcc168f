# SPDX-License-Identifier: EUPL-1.2
"""OCSP requests as read by the responder."""

from __future__ import annotations

import pytest
from asn1crypto.ocsp import OCSPRequest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.amount import examples
from tests.support.responder import request_for
from tests.support.status import Authority

from varmentaja.pki.ocsp_request import OcspRequest, parse_request
from varmentaja.pki.publication.issuer import Issuer, issuers_of
from varmentaja.responder.question import (
    ErrorStatus,
    Question,
    beginnings_of,
    decode_get,
    nonce_beginnings_of,
    read_question,
    recognise,
    recognise_nonce,
)

_AUTHORITY = Authority("people")
_BEGINNINGS = beginnings_of(issuers_of(_AUTHORITY.certificate))
_NONCE_BEGINNINGS = nonce_beginnings_of(issuers_of(_AUTHORITY.certificate))
_SERIALS = st.one_of(st.integers(1, 300), st.integers(1, 2**159 - 1))


def _asking(times: int) -> bytes:
    single = OCSPRequest.load(request_for(_AUTHORITY.certificate, 5))["tbs_request"]["request_list"][0]
    der: bytes = OCSPRequest({"tbs_request": {"request_list": [single] * times}}).dump()
    return der


@pytest.mark.parametrize("algorithm", [hashes.SHA1(), hashes.SHA256()])
@pytest.mark.parametrize("serial", [1, 2**63, 2**64, 2**159 - 1])
def test_one_certificate_by_sha1_or_sha256_is_understood(
    algorithm: hashes.HashAlgorithm, serial: int
) -> None:
    question = read_question(request_for(_AUTHORITY.certificate, serial, algorithm))
    assert isinstance(question, Question)
    assert question.serial == serial
    assert question.issuer in issuers_of(_AUTHORITY.certificate)
    assert question.issuer not in issuers_of(Authority("people").certificate)


def test_an_authority_under_a_root_goes_by_its_own_name() -> None:
    authority = Authority("people", root=Authority("root"))
    leaf = authority.issue(5)
    for algorithm in (hashes.SHA1(), hashes.SHA256()):
        request = ocsp.OCSPRequestBuilder().add_certificate(leaf, authority.certificate, algorithm).build()
        question = read_question(request.public_bytes(Encoding.DER))
        assert isinstance(question, Question)
        assert question.issuer in issuers_of(authority.certificate)


def test_two_certificates_or_another_hash_are_not_for_us() -> None:
    assert read_question(_asking(2)) is ErrorStatus.UNAUTHORIZED
    for algorithm in (hashes.SHA384(), hashes.SHA512()):
        request = request_for(_AUTHORITY.certificate, 5, algorithm)
        assert read_question(request) is ErrorStatus.UNAUTHORIZED
    odd = request_for(_AUTHORITY.certificate, 5).replace(
        bytes.fromhex("06052b0e03021a"), bytes.fromhex("06052b0e030219")
    )
    assert read_question(odd) is ErrorStatus.UNAUTHORIZED


@given(_SERIALS, st.sampled_from([hashes.SHA1(), hashes.SHA256()]))
def test_every_plain_question_is_recognised(serial: int, algorithm: hashes.HashAlgorithm) -> None:
    request = request_for(_AUTHORITY.certificate, serial, algorithm)
    question = recognise(request, _BEGINNINGS)
    assert question is not None and question == read_question(request)
    assert recognise(request_for(Authority("people").certificate, serial, algorithm), _BEGINNINGS) is None


@examples(500, 100_000)
@given(st.data(), _SERIALS, st.sampled_from([hashes.SHA1(), hashes.SHA256()]))
def test_what_is_recognised_is_what_the_parser_reads(
    data: st.DataObject, serial: int, algorithm: hashes.HashAlgorithm
) -> None:
    request = bytearray(request_for(_AUTHORITY.certificate, serial, algorithm))
    for _ in range(data.draw(st.integers(1, 3))):
        request[data.draw(st.integers(-25, -1))] = data.draw(st.integers(0, 255))
    cut = bytes(request[: len(request) - data.draw(st.integers(0, 3))]) + data.draw(st.binary(max_size=2))
    question = recognise(cut, _BEGINNINGS)
    assert question is None or question == read_question(cut)


def _with_nonce(serial: int, algorithm: hashes.HashAlgorithm, nonce: bytes) -> bytes:
    name_hash, key_hash = next(
        issuer[1:] for issuer in issuers_of(_AUTHORITY.certificate) if issuer.hash_name == algorithm.name
    )
    builder = ocsp.OCSPRequestBuilder().add_certificate_by_hash(name_hash, key_hash, serial, algorithm)
    builder = builder.add_extension(x509.OCSPNonce(nonce), critical=False)
    return builder.build().public_bytes(Encoding.DER)


def _parsed(request: bytes) -> tuple[Question, bytes] | None:
    """By the parser that reads what is not recognised."""
    found = parse_request(request)
    if not isinstance(found, OcspRequest) or len(found.certificates) != 1 or found.nonce is None:
        return None
    (asked,) = found.certificates
    issuer = Issuer(asked.hash, asked.issuer_name_hash, asked.issuer_key_hash)
    return Question(issuer, asked.serial), found.nonce


@given(_SERIALS, st.sampled_from([hashes.SHA1(), hashes.SHA256()]), st.sampled_from([16, 32]))
def test_every_usual_question_with_a_nonce_is_recognised(
    serial: int, algorithm: hashes.HashAlgorithm, size: int
) -> None:
    request = _with_nonce(serial, algorithm, b"\x30" * size)
    assert recognise_nonce(request, _NONCE_BEGINNINGS) == _parsed(request) is not None
    assert recognise_nonce(request_for(_AUTHORITY.certificate, serial, algorithm), _NONCE_BEGINNINGS) is None
    assert recognise_nonce(request, nonce_beginnings_of(issuers_of(Authority("people").certificate))) is None


@examples(500, 100_000)
@given(
    st.data(), _SERIALS, st.sampled_from([hashes.SHA1(), hashes.SHA256()]), st.sampled_from([15, 16, 17, 32])
)
def test_what_is_recognised_with_a_nonce_is_what_the_parser_reads(
    data: st.DataObject, serial: int, algorithm: hashes.HashAlgorithm, size: int
) -> None:
    request = bytearray(_with_nonce(serial, algorithm, bytes(size)))
    for _ in range(data.draw(st.integers(0, 3))):
        request[data.draw(st.integers(-len(request), -1))] = data.draw(st.integers(0, 255))
    cut = bytes(request[: len(request) - data.draw(st.integers(0, 3))]) + data.draw(st.binary(max_size=2))
    recognised = recognise_nonce(cut, _NONCE_BEGINNINGS)
    assert recognised is None or recognised == _parsed(cut)


@settings(max_examples=300)
@given(st.binary(max_size=300))
def test_random_bytes_are_malformed(data: bytes) -> None:
    assert read_question(data) is ErrorStatus.MALFORMED_REQUEST


@settings(max_examples=500)
@given(st.data())
def test_a_damaged_request_is_refused_or_asks_something(data: st.DataObject) -> None:
    request = bytearray(request_for(_AUTHORITY.certificate, 2**100 + 5))
    for _ in range(data.draw(st.integers(1, 4))):
        request[data.draw(st.integers(0, len(request) - 1))] = data.draw(st.integers(0, 255))
    assert isinstance(read_question(bytes(request)), Question | ErrorStatus)
    cut = data.draw(st.integers(0, len(request) - 1))
    assert read_question(bytes(request[:cut])) is ErrorStatus.MALFORMED_REQUEST


@given(st.text())
def test_a_get_path_is_base64_or_nothing(text: str) -> None:
    decoded = decode_get(text)
    assert decoded is None or isinstance(decoded, bytes)
