# SPDX-License-Identifier: EUPL-1.2
"""The online responder: what it signs, what it never claims, and when it says nothing."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import ocsp
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.long_way import long_way
from tests.support.online import (
    AUTHORITY,
    GOOD,
    HOURS_48,
    NEVER,
    REVOKED,
    OnlineState,
    post,
)
from tests.support.pki import Demo

from varmentaja.pki.lint import Severity
from varmentaja.pki.lint.external import lint_ocsp
from varmentaja.pki.ocsp import CertIdHash
from varmentaja.pki.profile import load_profile
from varmentaja.responder.counters import place_of
from varmentaja.responder.online import OnlineResponder
from varmentaja.signer.delegation import LIFETIME, certificates, current, delegate, is_due

MALFORMED, TRY_LATER, UNAUTHORIZED = (bytes((0x30, 3, 0x0A, 1, code)) for code in (1, 3, 6))
NONCE = bytes(range(32))
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def state(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> OnlineState:
    state = OnlineState(demo, tmp_path_factory.mktemp("online"), demo.now)
    state.publish()
    state.delegate()
    return state


@pytest.fixture(scope="module")
def responder(state: OnlineState) -> OnlineResponder:
    return state.responder(now=state.now + HOUR)


def signed(body: bytes, demo: Demo, authority: str = AUTHORITY) -> list[ocsp.OCSPSingleResponse]:
    """The single answers of a response whose signature, signer and dates are right."""
    response = ocsp.load_der_ocsp_response(body)
    assert response.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL
    signer = response.certificates[0]
    signer.verify_directly_issued_by(demo.hierarchy.authority(authority).certificate)
    usages = signer.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(usages) == [x509.oid.ExtendedKeyUsageOID.OCSP_SIGNING]
    assert signer.extensions.get_extension_for_class(x509.OCSPNoCheck)
    assert signer.not_valid_after_utc - demo.now == LIFETIME
    key, algorithm = signer.public_key(), response.signature_hash_algorithm
    assert isinstance(key, ec.EllipticCurvePublicKey) and algorithm
    key.verify(response.signature, response.tbs_response_bytes, ec.ECDSA(algorithm))
    return list(response.responses)


def nonce_of(body: bytes) -> bytes:
    extensions = ocsp.load_der_ocsp_response(body).extensions
    return extensions.get_extension_for_class(x509.OCSPNonce).value.nonce


def over_http(der: bytes, *fields: str, version: str = "1.1") -> bytes:
    lines = [f"POST /ocsp/{AUTHORITY} HTTP/{version}", "Host: x", f"Content-Length: {len(der)}", *fields]
    return "\r\n".join([*lines, "", ""]).encode() + der


@pytest.mark.parametrize("hash_name", list(CertIdHash))
@pytest.mark.parametrize("serial", [GOOD, REVOKED, NEVER])
def test_the_shortcut_says_what_the_long_way_says(
    state: OnlineState, responder: OnlineResponder, serial: int, hash_name: CertIdHash
) -> None:
    for nonce in (NONCE, NONCE[:16]):
        der = state.request(serial, nonce=nonce, hash_name=hash_name)
        encoded = quote(base64.b64encode(der).decode(), safe="")
        got = f"GET /ocsp/{AUTHORITY}/{encoded} HTTP/1.1\r\nHost: x\r\n\r\n".encode()
        for octets in (
            got,
            over_http(der),
            over_http(der, "Connection: close"),
            over_http(der, version="1.0"),
        ):
            method = octets.split()[0].decode()
            short, long = responder.shortcut(octets), long_way(responder, octets, state.now + HOUR)
            assert short and long
            head, said = short[0].split(b"\r\n\r\n", 1)
            long_head, long_said = long[0].split(b"\r\n\r\n", 1)
            signed(said, state.demo)
            assert nonce_of(said) == nonce
            both = [ocsp.load_der_ocsp_response(each) for each in (said, long_said)]
            assert both[0].tbs_response_bytes == both[1].tbs_response_bytes
            size = f"Content-Length: {len(long_said)}".encode()
            assert head == long_head.replace(size, f"Content-Length: {len(said)}".encode())
            assert short[1:] == (long[1], place_of(method, "signed"))


def test_the_shortcut_leaves_the_rest_to_the_long_way(state: OnlineState) -> None:
    responder = state.responder(now=state.now + HOUR)
    plain, nonce = state.request(GOOD), state.request(GOOD, nonce=NONCE)
    assert responder.shortcut(over_http(plain)) == (
        *(long_way(responder, over_http(plain), state.now + HOUR) or ()),
        place_of("POST", "answer"),
    )
    assert responder.shortcut(over_http(nonce))
    rest = (
        over_http(state.request(GOOD, nonce=NONCE[:5])),
        over_http(state.request(GOOD, REVOKED, nonce=NONCE)),
        over_http(nonce + b"\0"),
        over_http(nonce, "Expect: 100-continue"),
        over_http(nonce).replace(AUTHORITY.encode(), b"nobody"),
        over_http(nonce).replace(AUTHORITY.encode(), b"professionals-rsa"),
        over_http(nonce)[:-1],
    )
    for octets in rest:
        assert responder.shortcut(octets) is None, octets
    late = state.responder(now=state.now + HOURS_48)
    assert late.shortcut(over_http(nonce)) is late.shortcut(over_http(plain)) is None


def test_the_shortcut_forgets_when_the_publication_or_the_signer_changes(demo: Demo, tmp_path: Path) -> None:
    state = OnlineState(demo, tmp_path, demo.now)
    state.publish()
    state.delegate()
    responder = state.responder(now=state.now + HOUR)
    octets = over_http(state.request(NEVER, nonce=NONCE))

    def answered() -> ocsp.OCSPResponse:
        short = responder.shortcut(octets)
        assert short
        return ocsp.load_der_ocsp_response(short[0].partition(b"\r\n\r\n")[2])

    first = answered()
    assert first.certificate_status is ocsp.OCSPCertStatus.UNKNOWN
    state.publish([(AUTHORITY, NEVER)], number=2)
    responder._watch.look()
    assert answered().certificate_status is ocsp.OCSPCertStatus.GOOD
    state.delegate(now=state.now + HOUR / 2)
    responder._delegations._looked = 0.0
    assert answered().certificates[0] != first.certificates[0]


@pytest.mark.parametrize("size", [1, 16, 32, 128])
def test_a_nonce_comes_back_in_a_signed_answer(
    state: OnlineState, responder: OnlineResponder, demo: Demo, size: int
) -> None:
    nonce = os.urandom(size)
    status, body = post(responder, state.request(GOOD, nonce=nonce))
    assert status == "200 OK"
    (single,) = signed(body, demo)
    assert single.certificate_status is ocsp.OCSPCertStatus.GOOD
    assert single.serial_number == GOOD
    assert nonce_of(body) == nonce


def test_a_signature_of_now_does_not_make_a_status_newer(
    state: OnlineState, responder: OnlineResponder, demo: Demo
) -> None:
    body = post(responder, state.request(GOOD, nonce=NONCE))[1]
    (single,) = signed(body, demo)
    assert ocsp.load_der_ocsp_response(body).produced_at_utc == state.now + HOUR
    assert single.this_update_utc == state.now
    assert single.next_update_utc == state.now + HOURS_48


@pytest.mark.parametrize("hash_name", list(CertIdHash))
def test_several_certificates_are_answered_in_their_order(
    state: OnlineState, responder: OnlineResponder, demo: Demo, hash_name: CertIdHash
) -> None:
    body = post(responder, state.request(REVOKED, NEVER, GOOD, hash_name=hash_name))[1]
    revoked, never, good = signed(body, demo)
    assert [each.serial_number for each in (revoked, never, good)] == [REVOKED, NEVER, GOOD]
    assert revoked.certificate_status is ocsp.OCSPCertStatus.REVOKED
    assert revoked.revocation_time_utc == state.now
    assert revoked.revocation_reason is x509.ReasonFlags.key_compromise
    assert never.certificate_status is ocsp.OCSPCertStatus.UNKNOWN
    assert good.certificate_status is ocsp.OCSPCertStatus.GOOD


def test_one_certificate_without_a_nonce_gets_what_was_signed_ahead(
    state: OnlineState, responder: OnlineResponder
) -> None:
    body = post(responder, state.request(GOOD))[1]
    assert body == post(responder, state.request(GOOD))[1]
    assert ocsp.load_der_ocsp_response(body).produced_at_utc == state.now


def test_what_is_signed_stands_before_pkilint(state: OnlineState, responder: OnlineResponder) -> None:
    for request in (state.request(GOOD, nonce=NONCE), state.request(GOOD, REVOKED, NEVER)):
        serious = [each for each in lint_ocsp(post(responder, request)[1]) if each.severity >= Severity.ERROR]
        assert serious == []


def test_another_authoritys_certificate_is_never_spoken_of(
    state: OnlineState, responder: OnlineResponder
) -> None:
    for authority in ("professionals-rsa", "services-ecc"):
        request = state.request(GOOD, nonce=NONCE, authority=authority)
        assert post(responder, request)[1] == UNAUTHORIZED
    assert post(responder, state.request(GOOD, nonce=NONCE), "nobody")[0] == "404 Not Found"


@pytest.mark.parametrize("request_der", [b"", b"\x30", b"\x00" * 80, b"\x30\x03\x0a\x01\x00"])
def test_nonsense_is_malformed(responder: OnlineResponder, request_der: bytes) -> None:
    assert post(responder, request_der) == ("200 OK", MALFORMED)


def test_a_nonce_of_a_wrong_length_is_malformed(state: OnlineState, responder: OnlineResponder) -> None:
    for nonce in (b"", bytes(129)):
        assert post(responder, state.request(GOOD, nonce=nonce))[1] == MALFORMED


def test_a_stale_publication_is_not_signed_anew(state: OnlineState) -> None:
    late = state.responder(now=state.now + HOURS_48)
    for request in (state.request(GOOD, nonce=NONCE), state.request(GOOD), state.request(NEVER)):
        assert post(late, request)[1] == TRY_LATER


def test_a_clock_before_the_publication_signs_nothing(state: OnlineState) -> None:
    early = state.responder(now=state.now - timedelta(seconds=1))
    assert post(early, state.request(GOOD, nonce=NONCE))[1] == TRY_LATER


def test_an_hour_back_or_a_day_forward_nothing_is_signed_that_does_not_hold(
    state: OnlineState, demo: Demo
) -> None:
    request = state.request(GOOD, NEVER, nonce=NONCE)
    for hours in (-48, -1, 0, 24, 47, 48, 72, 168):
        now = state.now + hours * HOUR
        status, body = post(state.responder(now=now), request)
        unready = "503 Service Unavailable"  # no key is in force yet, or any more
        assert status == "200 OK" or (status == unready and body == TRY_LATER)
        if not 0 <= hours < 48:
            assert body == TRY_LATER
            continue
        assert ocsp.load_der_ocsp_response(body).produced_at_utc == now
        for single in signed(body, demo):
            assert (single.this_update_utc, single.next_update_utc) == (state.now, state.now + HOURS_48)


def test_a_key_whose_time_has_not_come_signs_nothing(demo: Demo, tmp_path: Path) -> None:
    state = OnlineState(demo, tmp_path / "state", demo.now)
    state.publish()
    state.delegate(now=state.now + HOUR)
    begins = state.now + HOUR - timedelta(minutes=10)  # a delegation is dated back a little
    request = state.request(GOOD, nonce=NONCE)
    assert post(state.responder(now=begins - timedelta(seconds=1)), request)[1] == TRY_LATER
    body = post(state.responder(now=begins), request)[1]
    assert ocsp.load_der_ocsp_response(body).certificates[0].not_valid_before_utc == begins


def test_while_the_publication_is_incomplete_nothing_is_unknown(demo: Demo, tmp_path: Path) -> None:
    """It may be a valid certificate whose answer was lost."""
    state = OnlineState(demo, tmp_path / "state", demo.now)
    state.publish()
    state.delegate()
    request = state.request(NEVER, nonce=NONCE)
    (single,) = signed(post(state.responder(), request)[1], demo)
    assert single.certificate_status is ocsp.OCSPCertStatus.UNKNOWN
    state.publisher.tell_incomplete()
    assert post(state.responder(), request)[1] == TRY_LATER
    assert post(state.responder(), state.request(GOOD, NEVER, nonce=NONCE))[1] == TRY_LATER
    assert signed(post(state.responder(), state.request(GOOD, nonce=NONCE))[1], demo), "what is known is told"


def test_no_answer_lives_longer_than_its_signer(demo: Demo, tmp_path: Path) -> None:
    state = OnlineState(demo, tmp_path / "state", demo.now)
    state.publish()
    state.delegate(now=state.now - LIFETIME + HOUR)
    body = post(state.responder(), state.request(GOOD, nonce=NONCE))[1]
    assert ocsp.load_der_ocsp_response(body).next_update_utc == state.now + HOUR
    assert post(state.responder(now=state.now + HOUR), state.request(GOOD, nonce=NONCE))[1] == TRY_LATER


def test_without_a_delegation_or_with_a_wrong_passphrase_it_says_try_later(
    demo: Demo, tmp_path: Path
) -> None:
    state = OnlineState(demo, tmp_path / "state", demo.now)
    state.publish()
    assert post(state.responder(), state.request(GOOD, nonce=NONCE))[1] == TRY_LATER
    for der in (state.request(GOOD), state.request(GOOD, nonce=NONCE)):
        assert state.responder().shortcut(over_http(der)) is None
    delegations = state.folder / "delegations"
    delegate(demo.hierarchy, demo.store, delegations, b"another", now=demo.now, random=os.urandom)
    assert post(state.responder(), state.request(GOOD, nonce=NONCE))[1] == TRY_LATER


def test_a_damaged_new_delegation_leaves_the_old_one_in_force(
    demo: Demo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = OnlineState(demo, tmp_path / "state", demo.now)
    state.publish()
    state.delegate()
    responder, request = state.responder(), state.request(GOOD, nonce=NONCE)
    before = ocsp.load_der_ocsp_response(post(responder, request)[1]).certificates[0]
    monkeypatch.setattr("varmentaja.responder.signers._LOOK", 0.0)
    current = state.folder / "delegations" / "current"
    current.write_text("20990101T000000Z")
    assert ocsp.load_der_ocsp_response(post(responder, request)[1]).certificates[0] == before
    current.write_text("../../keys")
    assert ocsp.load_der_ocsp_response(post(responder, request)[1]).certificates[0] == before
    state.delegate(now=state.now + HOUR)  # by a clock that is ahead of the responder's
    assert ocsp.load_der_ocsp_response(post(responder, request)[1]).certificates[0] == before
    state.delegate(now=state.now - HOUR)
    after = ocsp.load_der_ocsp_response(post(responder, request)[1]).certificates[0]
    assert after != before


def test_a_delegation_is_due_at_half_its_life_and_the_third_destroys_the_first(
    demo: Demo, tmp_path: Path
) -> None:
    folder = tmp_path / "delegations"
    assert is_due(demo.hierarchy, folder, now=demo.now)
    for days in (0, 4, 8):
        delegate(
            demo.hierarchy,
            demo.store,
            folder,
            b"passphrase",
            now=demo.now + timedelta(days=days),
            random=os.urandom,
        )
    made = current(folder)
    assert made is not None
    listed = json.loads((made / "delegation.json").read_text("utf-8"))
    assert (
        set(certificates(made))
        == set(listed)
        == {name for name in demo.hierarchy.authorities if not name.startswith("root")}
    )
    assert {entry["profile"]["id"] for entry in listed.values()} == {"ocsp-responder-online"}
    assert load_profile("ocsp-responder-online").mark in [entry["profile"] for entry in listed.values()]
    assert len([path for path in folder.iterdir() if path.is_dir()]) == 2
    begun = demo.now + timedelta(days=8)
    assert not is_due(demo.hierarchy, folder, now=begun + LIFETIME / 2)
    assert is_due(demo.hierarchy, folder, now=begun + LIFETIME / 2 + timedelta(seconds=1))
    (folder / "current").write_text("20990101T000000Z")
    assert is_due(demo.hierarchy, folder, now=begun)


@pytest.fixture(scope="module")
def sample(state: OnlineState) -> Iterator[bytes]:
    yield state.request(GOOD, REVOKED, nonce=NONCE)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(at=st.integers(0, 400), value=st.integers(0, 255), cut=st.integers(0, 400))
def test_a_request_with_a_fault_gets_no_wrong_status(
    responder: OnlineResponder, demo: Demo, sample: bytes, at: int, value: int, cut: int
) -> None:
    broken = bytearray(sample)
    broken[at % len(broken)] = value
    request = bytes(broken if cut > len(sample) else broken[:cut])
    status, body = post(responder, request)
    if status != "200 OK" or len(body) == 5:
        return
    for single in signed(body, demo):
        expected = {GOOD: ocsp.OCSPCertStatus.GOOD, REVOKED: ocsp.OCSPCertStatus.REVOKED}
        said = single.certificate_status
        assert said is expected.get(single.serial_number, ocsp.OCSPCertStatus.UNKNOWN)
