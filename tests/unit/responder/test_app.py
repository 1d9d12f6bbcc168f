# SPDX-License-Identifier: EUPL-1.2
"""The WSGI application asked in process: anything may come, and only right answers may go out."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pytest
from cryptography.x509 import ocsp
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.responder import request_for
from tests.support.status import NOW, Authority, Publication

from varmentaja.pki.publication import PublicationReader, verifier
from varmentaja.responder.app import Responder
from varmentaja.responder.watch import Watch

_PEOPLE, _SERVICES = Authority("people"), Authority("services")
_ISSUED = 2**100 + 5


@pytest.fixture(scope="module")
def responder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Responder]:
    publication = Publication(tmp_path_factory.mktemp("publication"))
    certificates = {authority.name: authority.der for authority in (_PEOPLE, _SERVICES)}
    publication.publisher.publish([_PEOPLE.answer(_ISSUED)], [_PEOPLE.crl(number=1)], certificates, 1, NOW)
    watch = Watch(PublicationReader(publication.folder, verifier(publication.key.public_key())))
    watch.look()
    yield Responder(watch, clock=NOW.timestamp)


def _ask(
    responder: Responder, method: str, path: str, body: bytes = b"", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    seen: list[tuple[str, list[tuple[str, str]]]] = []
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "wsgi.input": io.BytesIO(body)}
    environ |= {"CONTENT_LENGTH": str(len(body)), **headers}
    content = b"".join(responder(environ, lambda status, fields: seen.append((status, fields))))
    ((status, fields),) = seen
    return int(status[:3]), dict(fields), content


@settings(max_examples=300)
@given(
    method=st.sampled_from(["GET", "HEAD", "POST", "PUT", "OPTIONS", ""]),
    path=st.one_of(
        st.text(),
        st.builds("/{}/{}".format, st.sampled_from(["ocsp", "crl", "ca", "health"]), st.text()),
        st.builds("/ocsp/people/{}".format, st.text()),
        st.builds("/crl/people/{}.crl".format, st.text()),
    ),
    body=st.binary(max_size=200),
)
def test_nothing_that_is_asked_is_a_fault_of_ours(
    responder: Responder, method: str, path: str, body: bytes
) -> None:
    status, headers, content = _ask(responder, method, path, body)
    assert status in (200, 404, 405, 414)
    assert headers["Cache-Control"]
    assert method != "HEAD" or content == b""


@settings(max_examples=500)
@given(
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=3),
    st.sampled_from(["people", "services"]),
    st.sampled_from([_PEOPLE, _SERVICES]),
    st.one_of(st.just(_ISSUED), st.integers(1, 2**159 - 1)),
)
def test_only_the_issued_serial_under_its_issuer_has_a_status(
    responder: Responder, damage: list[tuple[int, int]], at: str, issuer: Authority, serial: int
) -> None:
    request = bytearray(request_for(issuer.certificate, serial))
    for position, value in damage:
        request[position % len(request)] = value
    status, _, content = _ask(responder, "POST", f"/ocsp/{at}", bytes(request))
    assert status == 200
    answer = ocsp.load_der_ocsp_response(content)
    if answer.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL:
        asked = ocsp.load_der_ocsp_request(bytes(request))
        assert at == "people"
        assert answer.serial_number == asked.serial_number == _ISSUED
        assert answer.issuer_key_hash == asked.issuer_key_hash


@pytest.mark.parametrize("length", ["-1", "x", "4097", "9" * 40])
def test_a_body_with_a_wrong_length_is_not_read(responder: Responder, length: str) -> None:
    assert _ask(responder, "POST", "/ocsp/people", b"", CONTENT_LENGTH=length)[0] == 413


def test_freshness_ends_with_the_answer(responder: Responder) -> None:
    request = request_for(_PEOPLE.certificate, _ISSUED)
    for later, max_age in ((0, 60), (2 * 86400 - 20, 20), (2 * 86400 + 5, 0)):
        aged = Responder(responder._watch, clock=lambda later=later: NOW.timestamp() + later)
        _, headers, _ = _ask(aged, "POST", "/ocsp/people", request)
        assert headers["Cache-Control"].endswith(f"max-age={max_age}")
    crl_headers = _ask(responder, "GET", "/crl/people/0.crl")[1]
    assert crl_headers["Last-Modified"] == NOW.strftime("%a, %d %b %Y %H:%M:%S GMT")
