# SPDX-License-Identifier: EUPL-1.2
"""The shortcut answers in the octets of the long way, or not at all."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.x509 import ocsp
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.long_way import long_way
from tests.support.responder import request_for
from tests.support.status import DAY, HOUR, NOW, Authority, Publication
from tests.unit.responder.test_server import Running, to_the_end

from varmentaja.pki.publication import PublicationReader, verifier
from varmentaja.responder import shortcut as tested
from varmentaja.responder.app import Responder
from varmentaja.responder.watch import Watch

SECOND = timedelta(seconds=1)
GOOD, REVOKED, ANOTHER, NEVER = 2**100 + 5, 2**120 + 7, 3, 2**90
PEOPLE, SERVICES = Authority("people"), Authority("services")


class State:
    """A publication, a responder over it, and a clock."""

    def __init__(self, folder: Path) -> None:
        self.now = NOW
        self.publication = Publication(folder)
        answers = [PEOPLE.answer(GOOD), PEOPLE.answer(ANOTHER), PEOPLE.answer(REVOKED, revoked=True)]
        self.publish(1, answers)
        verify = verifier(self.publication.key.public_key())
        self.watch = Watch(PublicationReader(self.publication.folder, verify))
        self.watch.look()
        self.responder = Responder(self.watch, clock=lambda: self.now.timestamp())

    def publish(self, number: int, answers: list[object]) -> None:
        authorities = {each.name: each.der for each in (PEOPLE, SERVICES)}
        self.publication.publisher.publish(answers, [], authorities, number, NOW)

    def short(self, octets: bytes) -> tuple[bytes, bool] | None:
        short = self.responder.shortcut(octets)
        return short and short[:2]

    def long(self, octets: bytes) -> tuple[bytes, bool] | None:
        return long_way(self.responder, octets, self.now)


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path)


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[State]:
    yield State(tmp_path_factory.mktemp("publication"))


def asked(serial: int, algorithm: hashes.HashAlgorithm | None = None, issuer: Authority = PEOPLE) -> bytes:
    return request_for(issuer.certificate, serial, algorithm)


def get(der: bytes, *fields: str, at: str = "people", safe: str = "", version: str = "1.1") -> bytes:
    target = f"/ocsp/{at}/{quote(base64.b64encode(der).decode(), safe=safe)}"
    return "\r\n".join([f"GET {target} HTTP/{version}", "Host: x", *fields, "", ""]).encode()


def post(der: bytes, *fields: str, at: str = "people", version: str = "1.1") -> bytes:
    lines = [f"POST /ocsp/{at} HTTP/{version}", "Host: x", f"Content-Length: {len(der)}", *fields, "", ""]
    return "\r\n".join(lines).encode() + der


@pytest.mark.parametrize("serial", [GOOD, REVOKED, ANOTHER])
@pytest.mark.parametrize("algorithm", [hashes.SHA1(), hashes.SHA256()])
def test_usual_questions_are_answered_as_the_long_way_answers(
    lasting: State, serial: int, algorithm: hashes.HashAlgorithm
) -> None:
    der = asked(serial, algorithm)
    usual = [get(der), get(der, safe="/+="), get(der, "Connection: keep-alive", "Accept: */*"), post(der)]
    usual += [get(der, "Connection: close"), post(der, "connection: Close"), post(der, version="1.0")]
    for octets in usual:
        answered = lasting.long(octets)
        assert answered and answered[0].startswith(b"HTTP/1.1 200 OK\r\n")
        assert lasting.short(octets) == answered
        assert lasting.short(octets) == answered  # now remembered


def test_what_differs_in_the_least_goes_the_long_way(lasting: State) -> None:
    der = asked(GOOD)
    for octets in (
        get(der, "If-None-Match: *"),
        get(der, "If-Modified-Since: Tue, 01 Dec 2026 00:00:00 GMT"),
        get(der).replace(b"GET", b"HEAD"),
        get(der).replace(b" HTTP", b"?x HTTP"),
        get(der).replace(b"Host: x\r\n", b""),
        get(der).replace(b"Host: x\r\n", b"Host: x\r\nHost: x\r\n"),
        get(der) + get(der),
        get(der)[:-1],
        get(der)[:-2],
        get(der, version="1.2").replace(b"1.2", b"2.0"),
        get(der, "Connection: keep-alive", version="1.0"),
        get(der, f"Cookie: {'x' * 2048}"),
        get(der, "Content-Length: 5") + b"12345",
        get(der, at="services"),
        get(der, at="nobody"),
        get(der, at="people/"),
        get(b""),
        get(asked(NEVER)),
        get(asked(GOOD, issuer=SERVICES)),
        post(der, "Expect: 100-continue"),
        post(der, "Transfer-Encoding: chunked"),
        post(der) + b"x",
        post(der)[:-1],
        post(der + b"\0"),
        post(b""),
        post(der, f"Content-Length: {len(der)}"),
        b"",
        b"GE",
        b"\r\n\r\n",
        b"GET /ocsp/\r\n\r\n",
    ):
        assert lasting.short(octets) is None, octets


@settings(max_examples=600)
@given(
    st.sampled_from([get(asked(GOOD)), get(asked(GOOD), safe="/+="), post(asked(GOOD, hashes.SHA256()))]),
    st.lists(st.tuples(st.integers(0, 400), st.binary(max_size=2), st.integers(0, 2)), max_size=3),
)
def test_whatever_comes_is_answered_as_the_long_way_answers(
    lasting: State, octets: bytes, damage: list[tuple[int, bytes, int]]
) -> None:
    for position, put, dropped in damage:
        place = position % len(octets)
        octets = octets[:place] + put + octets[place + dropped :]
    short = lasting.short(octets)
    assert short is None or short == lasting.long(octets)


def test_a_server_says_the_same_with_the_shortcut_and_without(state: State) -> None:
    der, responder = asked(GOOD), Responder(state.watch)
    questions = (
        get(der, "Connection: close"),
        post(der, "Connection: close"),
        post(der, version="1.0"),
        get(der) + get(asked(REVOKED), "Connection: close"),
        post(der) + get(der, "Connection: close"),
    )
    with (
        closing(Running(responder, responder.shortcut)) as short,
        closing(Running(responder, lambda _: None)) as long,
    ):
        for octets in questions:
            for _ in range(20):  # until both are of the same second
                answers = [to_the_end(server.connect(octets)) for server in (short, long)]
                if answers[0] == answers[1]:
                    break
            assert answers[0] == answers[1]
            assert answers[0].count(b"HTTP/1.1 200 OK") == octets.count(b" HTTP/1.")
        assert short.outcomes().keys() == long.outcomes().keys() == {("GET", "answer"), ("POST", "answer")}


def test_dates_move_on_and_the_last_minute_goes_the_long_way(state: State) -> None:
    octets = get(asked(GOOD))
    for later, is_short in (
        (0 * SECOND, True),
        (HOUR, True),
        (2 * DAY - 60 * SECOND, True),
        (2 * DAY - 59 * SECOND, False),
        (2 * DAY + HOUR, False),
        (-HOUR, True),
    ):
        state.now = NOW + later
        assert (state.short(octets) == state.long(octets)) is is_short
        assert (state.short(octets) is not None) is is_short


def test_a_revocation_ends_what_was_remembered(state: State) -> None:
    octets = post(asked(GOOD))
    assert _status(state.short(octets)) is ocsp.OCSPCertStatus.GOOD
    state.publish(2, [PEOPLE.answer(GOOD, revoked=True)])
    assert _status(state.short(octets)) is ocsp.OCSPCertStatus.GOOD  # nobody has looked
    state.watch.look()
    assert _status(state.short(octets)) is ocsp.OCSPCertStatus.REVOKED


def test_nothing_in_force_goes_the_long_way(state: State) -> None:
    octets = post(asked(GOOD))
    assert state.short(octets)
    state.watch.view = None
    assert state.short(octets) is None


def test_no_more_is_remembered_than_there_is_room_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tested, "REMEMBERED", 2)
    state = State(tmp_path)
    usual = [get(asked(GOOD), f"X: {number}") for number in range(9)]
    for octets in usual + usual:
        assert state.short(octets) == state.long(octets)
    assert len(state.responder.shortcut._lately) <= 4


def _status(answered: tuple[bytes, bool] | None) -> ocsp.OCSPCertStatus:
    assert answered
    return ocsp.load_der_ocsp_response(answered[0].partition(b"\r\n\r\n")[2]).certificate_status
