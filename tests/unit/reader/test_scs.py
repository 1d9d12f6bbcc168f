# SPDX-License-Identifier: EUPL-1.2
"""The rules of SCS as tables: what a request may hold, and what content is bound to its origin."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from varmentaja.card.driver import HashAlgorithm
from varmentaja.reader.scs import (
    ContentType,
    Problem,
    Reason,
    ScsError,
    SignatureType,
    failure,
    is_bound,
    parse_request,
    success,
    version_answer,
)

ORIGIN = "https://portal.example"
NONCE = "n" * 64


def body(**members: Any) -> bytes:
    """A request body: content and whatever the test changes."""
    return json.dumps({"content": base64.b64encode(b"data").decode()} | members).encode()


def refusal(request: bytes) -> ScsError:
    with pytest.raises(ScsError) as error:
        parse_request(request)
    return error.value


def test_the_smallest_request_gets_the_defaults_of_version_1_1() -> None:
    request = parse_request(body())
    assert request.version == "1.1"
    assert request.content == b"data"
    assert request.content_type is ContentType.DATA
    assert request.hash_algorithm is HashAlgorithm.SHA256
    assert request.signature_type is SignatureType.SIGNATURE
    assert request.selector.key_usages == ()


def test_a_full_request_is_read_and_names_are_case_insensitive() -> None:
    request = parse_request(
        body(
            version="1.2",
            content=base64.b64encode(bytes(48)).decode(),
            contentType="Digest",
            hashAlgorithm="sha-384",
            signatureType="signature-plain",
            selector={
                "issuers": ["CN=A"],
                "akis": ["AA"],
                "keyusages": ["nonRepudiation"],
                "keyalgorithms": ["EC"],
            },
        )
    )
    assert request.content_type is ContentType.DIGEST
    assert request.hash_algorithm is HashAlgorithm.SHA384
    assert request.signature_type is SignatureType.PLAIN
    assert request.selector.key_usages == ("nonrepudiation",)
    assert request.selector.key_algorithms == ("ec",)


def test_unknown_members_are_ignored() -> None:
    assert parse_request(body(windowTitle="x", selector={"thumbprint": 3})).content == b"data"


@pytest.mark.parametrize(
    ("request_body", "reason", "problem"),
    [
        (b"", Reason.BAD_REQUEST, Problem.BAD_REQUEST),
        (b"{", Reason.BAD_REQUEST, Problem.BAD_REQUEST),
        (b"\xff\xfe", Reason.BAD_REQUEST, Problem.BAD_REQUEST),
        (b"[1]", Reason.BAD_REQUEST, Problem.BAD_REQUEST),
        (b"[" * 100_000, Reason.BAD_REQUEST, Problem.BAD_REQUEST),
        (b"{}", Reason.BAD_REQUEST, Problem.BAD_REQUEST),
        (body(content=""), Reason.BAD_REQUEST, Problem.BAD_REQUEST),
        (body(content="not base64!"), Reason.BAD_REQUEST, Problem.BAD_REQUEST),
        (body(content="ä"), Reason.BAD_REQUEST, Problem.BAD_REQUEST),
        (body(content=7), Reason.BAD_REQUEST, Problem.BAD_REQUEST),
        (body(content=None), Reason.BAD_REQUEST, Problem.BAD_REQUEST),
        (body(contentType="pdf"), Reason.BAD_REQUEST, Problem.BAD_REQUEST),
        (body(contentType="digest"), Reason.BAD_REQUEST, Problem.BAD_REQUEST),
        (body(selector=[]), Reason.BAD_REQUEST, Problem.BAD_REQUEST),
        (body(selector={"issuers": "CN=A"}), Reason.BAD_REQUEST, Problem.BAD_REQUEST),
        (body(selector={"keyusages": [1]}), Reason.BAD_REQUEST, Problem.BAD_REQUEST),
        (body(version=1.2), Reason.BAD_REQUEST, Problem.BAD_REQUEST),
        (body(version="1.4"), Reason.NOT_SERVED, Problem.NOT_SERVED),
        (body(version="2"), Reason.NOT_SERVED, Problem.NOT_SERVED),
        (body(hashAlgorithm="SHA1"), Reason.NOT_SERVED, Problem.NOT_SERVED),
        (body(signatureType="xml"), Reason.NOT_SERVED, Problem.NOT_SERVED),
    ],
)
def test_a_wrong_request_is_refused_with_its_reason(
    request_body: bytes, reason: Reason, problem: Problem
) -> None:
    error = refusal(request_body)
    assert (error.reason, error.problem) == (reason, problem)
    answer = failure(error)
    assert answer["status"] == "failed"
    assert answer["reasonText"]
    assert "signature" not in answer
    assert "chain" not in answer


@given(st.binary(max_size=200))
def test_random_bytes_never_break_the_parser(junk: bytes) -> None:
    try:
        parse_request(junk)
    except ScsError as error:
        assert error.reason in (Reason.BAD_REQUEST, Reason.NOT_SERVED)


@pytest.mark.parametrize(
    ("content", "origin", "bound"),
    [
        (f"{ORIGIN};{NONCE}", ORIGIN, True),
        (f"{ORIGIN}\n{NONCE}", ORIGIN, True),
        (f"{ORIGIN}/{NONCE}", ORIGIN, True),
        (f"{ORIGIN} {NONCE}", ORIGIN, True),
        (f"{ORIGIN};{NONCE[1:]}", ORIGIN, False),
        (f"{ORIGIN}{NONCE}", ORIGIN, False),
        (f"{ORIGIN}.evil.example;{NONCE}", ORIGIN, False),
        (f"{ORIGIN}:8443;{NONCE}", ORIGIN, False),
        (f"{ORIGIN}-x;{NONCE}", ORIGIN, False),
        (f"{ORIGIN}@evil.example;{NONCE}", ORIGIN, False),
        (f"{ORIGIN}ä;{NONCE}", ORIGIN, False),
        (f"{ORIGIN.upper()};{NONCE}", ORIGIN, False),
        (f" {ORIGIN};{NONCE}", ORIGIN, False),
        (f"{ORIGIN};{NONCE}", "https://evil.example", False),
        (f"{ORIGIN};{NONCE}", None, False),
        (f"null;{NONCE}", "null", False),
        (f";{NONCE}", "", False),
        (ORIGIN, ORIGIN, False),
        (NONCE, ORIGIN, False),
    ],
)
def test_only_content_that_names_the_calling_origin_is_bound(
    content: str, origin: str | None, bound: bool
) -> None:
    for version in ("1.0.1", "1.1", "1.2"):
        assert is_bound(content.encode(), origin, version) is bound


@pytest.mark.parametrize(
    ("content", "bound"),
    [
        (f"{ORIGIN};{NONCE}", True),
        (f"{ORIGIN};{NONCE[1:]}", False),
        (f"{ORIGIN}\n{NONCE}", False),
        (f"{ORIGIN}/{NONCE}", False),
        (f"{ORIGIN}.evil.example;{NONCE}", False),
        (f"x{ORIGIN};{NONCE}", False),
    ],
)
def test_version_1_3_wants_the_origin_a_semicolon_and_a_nonce(content: str, bound: bool) -> None:
    assert is_bound(content.encode(), ORIGIN, "1.3") is bound


@pytest.mark.parametrize("version", ["1.0", "1.0.1", "1.1", "1.2", "1.3"])
def test_each_version_is_served_and_named_in_its_answer(version: str) -> None:
    request = parse_request(body(version=version))
    answer = success(request, signature=b"s", chain=[b"1"], is_ec=False)
    assert request.version == answer["version"] == version


_TEXT = st.text(max_size=12)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=6,
)
_MEMBERS = st.sampled_from(
    ("version", "selector", "content", "contentType", "hashAlgorithm", "signatureType", "more")
)
_NAMES = st.sampled_from(("issuers", "akis", "keyusages", "keyalgorithms", "more"))


@given(st.dictionaries(_MEMBERS, _VALUES | st.dictionaries(_NAMES, _VALUES, max_size=3)))
def test_members_of_any_kind_are_read_or_refused(data: dict[str, Any]) -> None:
    for more in ({}, {"content": "AAAA", "version": "1.2"}):
        try:
            request = parse_request(json.dumps(data | more).encode())
        except ScsError as error:
            assert error.reason in (Reason.BAD_REQUEST, Reason.NOT_SERVED)
        else:
            assert request.content


@given(st.binary(max_size=200), st.text(max_size=40))
def test_only_what_begins_with_the_origin_is_ever_bound(content: bytes, origin: str) -> None:
    for version in ("1.1", "1.3"):
        if is_bound(content, origin, version):
            assert content.startswith(origin.encode())


def test_hash_algorithms_tell_whether_there_is_a_card() -> None:
    assert version_answer(card_present=False)["hashAlgorithms"] == ""
    with_card = version_answer(card_present=True)
    assert "applicationOIDs" not in with_card
    assert version_answer(card_present=True, version="1.3") == {
        **with_card,
        "version": "1.3",
        "applicationOIDs": "",
    }
    assert with_card["hashAlgorithms"] == "SHA256, SHA384, SHA512"
    assert with_card["version"] == "1.2"
    assert all(isinstance(value, str | bool) for value in with_card.values())


def test_a_success_names_the_algorithm_and_carries_the_chain() -> None:
    answer = success(parse_request(body(version="1.2")), signature=b"s", chain=[b"1", b"2", b"3"], is_ec=True)
    assert answer["signatureAlgorithm"] == "SHA256withECDSA"
    assert answer["reasonCode"] == 200
    assert [base64.b64decode(part) for part in answer["chain"]] == [b"1", b"2", b"3"]
