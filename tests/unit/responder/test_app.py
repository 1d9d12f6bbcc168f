# SPDX-License-Identifier: EUPL-1.2
"""The WSGI application asked in process: anything may come, and only right answers may go out."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from datetime import timedelta
from email.utils import formatdate, parsedate_to_datetime
from pathlib import Path

import pytest
from cryptography.x509 import ocsp
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.responder import request_for
from tests.support.status import DAY, HOUR, NOW, Authority, Publication

from varmentaja.pki.publication import PublicationReader, verifier
from varmentaja.responder.app import Responder
from varmentaja.responder.watch import Watch

_PEOPLE, _SERVICES = Authority("people"), Authority("services")
_ISSUED = 2**100 + 5
SECOND = timedelta(seconds=1)


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


def test_an_hour_back_or_a_day_forward_promises_nothing_beyond_the_dates(responder: Responder) -> None:
    """By a wrong clock a document keeps its own dates, and caches are told no more than those allow."""
    request = request_for(_PEOPLE.certificate, _ISSUED)
    for hours in (-48, -1, 24, 47, 48, 72, 168):
        now = NOW + hours * HOUR
        wrong = Responder(responder._watch, clock=now.timestamp)
        for method, path, end in (
            ("POST", "/ocsp/people", NOW + 2 * DAY),
            ("GET", "/crl/people/0.crl", NOW + DAY),
        ):
            status, headers, _ = _ask(wrong, method, path, request if method == "POST" else b"")
            max_age = int(headers["Cache-Control"].rpartition("max-age=")[2])
            expires = parsedate_to_datetime(headers["Expires"])
            assert status == 200
            assert max_age == max(0, min(60, (end - now).total_seconds()))
            assert expires <= end and expires == (now + max_age * SECOND if max_age else end)
            assert parsedate_to_datetime(headers["Last-Modified"]) == NOW


def test_what_ends_within_a_minute_is_sent_anew_for_caches_that_keep_the_time_they_were_told(
    responder: Responder,
) -> None:
    for left, status in ((61, 304), (60, 304), (59, 200), (0, 200), (-3600, 200)):
        now = NOW + DAY - left * SECOND
        late = Responder(responder._watch, clock=now.timestamp)
        tag = _ask(late, "GET", "/crl/people/0.crl")[1]["ETag"]
        said, headers, body = _ask(late, "GET", "/crl/people/0.crl", HTTP_IF_NONE_MATCH=tag)
        assert said == status and bool(body) is (status == 200)
        assert int(headers["Cache-Control"].rpartition("max-age=")[2]) == min(60, max(0, left))


def test_a_list_that_came_after_the_clients_last_visit_is_sent_though_it_was_signed_before(
    responder: Responder,
) -> None:
    late = Responder(responder._watch, clock=(NOW + HOUR).timestamp)
    visit = formatdate(NOW.timestamp() + 1, usegmt=True)
    assert _ask(late, "GET", "/crl/people/0.crl", HTTP_IF_MODIFIED_SINCE=visit)[0] == 200


def test_of_two_lists_of_one_second_the_date_keeps_none(tmp_path: Path) -> None:
    """If-Modified-Since has whole seconds: the client may hold the first, which lacks a revocation."""
    publication, second = Publication(tmp_path / "publication"), int(NOW.timestamp())
    watch = Watch(PublicationReader(publication.folder, verifier(publication.key.public_key())))
    responder = Responder(watch, clock=lambda: NOW.timestamp() + 3600)
    revoked = _PEOPLE.answer(_ISSUED, revoked=True)
    encoded = base64.b64encode(request_for(_PEOPLE.certificate, _ISSUED)).decode()
    paths = ("/crl/people/0.crl", f"/ocsp/people/{encoded}")
    kept: dict[str, dict[str, str]] = {}
    for number, answer in ((second, _PEOPLE.answer(_ISSUED)), (second + 1, revoked)):
        crl = _PEOPLE.crl([_ISSUED] if answer is revoked else [], number=number)
        publication.publisher.publish([answer], [crl], {"people": _PEOPLE.der}, number, NOW)
        watch.look()
        for path in paths:
            date, tag = (kept.get(path, {}).get(name, "") for name in ("Last-Modified", "ETag"))
            for fields in ({"HTTP_IF_MODIFIED_SINCE": date}, {"HTTP_IF_NONE_MATCH": tag}):
                status, headers, _ = _ask(responder, "GET", path, **fields)
                assert status == 200
            assert _ask(responder, "GET", path, HTTP_IF_NONE_MATCH=headers["ETag"])[0] == 304
            by_date = _ask(responder, "GET", path, HTTP_IF_MODIFIED_SINCE=headers["Last-Modified"])[0]
            assert by_date == (200 if answer is revoked else 304)
            kept[path] = headers
    later = "Fri, 31 Dec 2100 00:00:00 GMT"  # of a time when this clock was ahead
    assert _ask(responder, "GET", "/ca/people.crt", HTTP_IF_MODIFIED_SINCE=later)[0] == 200
