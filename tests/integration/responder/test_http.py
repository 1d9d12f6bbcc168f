# SPDX-License-Identifier: EUPL-1.2
"""The responder over HTTP."""

from __future__ import annotations

import base64
import socket
import threading
import time
from contextlib import suppress
from email.utils import formatdate
from urllib.parse import quote

import httpx
import pytest
from cryptography import x509
from cryptography.x509 import ocsp
from tests.integration.responder.conftest import GOOD, REVOKED
from tests.support.responder import RunningResponder, request_for
from tests.support.status import Authority

_UNAUTHORIZED = bytes.fromhex("30030a0106")
_MALFORMED = bytes.fromhex("30030a0101")


def _raw(responder: RunningResponder, request: bytes) -> bytes:
    """What a client gets that reads while it writes: it sees why it was turned away half-read."""
    with socket.create_connection(("127.0.0.1", responder.port), timeout=10) as connection:
        sender = threading.Thread(target=_send, args=(connection, request))
        sender.start()
        received = b"".join(iter(lambda: connection.recv(65536), b""))
        sender.join()
    return received


def _send(connection: socket.socket, request: bytes) -> None:
    with suppress(OSError):  # the server need not read all before it hangs up
        connection.sendall(request)


def test_post_answers_and_names_its_dates(responder: RunningResponder, people: Authority) -> None:
    reply = httpx.post(f"{responder.url}/ocsp/people", content=request_for(people.certificate, GOOD))
    assert reply.status_code == 200
    assert reply.headers["content-type"] == "application/ocsp-response"
    assert reply.headers["cache-control"] == "public, no-transform, must-revalidate, max-age=60"
    for name in ("etag", "expires", "last-modified", "date"):
        assert reply.headers[name]
    assert len(reply.headers.get_list("date")) == 1
    assert ocsp.load_der_ocsp_response(reply.content).certificate_status is ocsp.OCSPCertStatus.GOOD


def test_get_takes_base64_with_slashes_plus_and_equals_plain_or_escaped(
    responder: RunningResponder, people: Authority
) -> None:
    seen: set[str] = set()
    for serial in range(1, 4000):
        text = base64.b64encode(request_for(people.certificate, serial << 40 | 0x3FFFFF)).decode()
        marks = {mark for mark in ("//", "+", "=", "/") if mark in text}
        if marks <= seen:
            continue
        seen |= marks
        for path in (text, quote(text, safe=""), quote(text, safe="/"), quote(text, safe="+=")):
            reply = _raw(
                responder,
                f"GET /ocsp/people/{path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode(),
            )
            assert reply.endswith(_UNAUTHORIZED), (path, reply)
    assert seen == {"//", "+", "=", "/"}
    for serial, status in ((GOOD, ocsp.OCSPCertStatus.GOOD), (REVOKED, ocsp.OCSPCertStatus.REVOKED)):
        text = base64.b64encode(request_for(people.certificate, serial)).decode()
        for path in (text, quote(text, safe="")):
            reply = httpx.get(f"{responder.url}/ocsp/people/{path}")
            assert ocsp.load_der_ocsp_response(reply.content).certificate_status is status


def test_head_sends_no_body(responder: RunningResponder, people: Authority) -> None:
    text = base64.b64encode(request_for(people.certificate, GOOD)).decode()
    paths = [f"/ocsp/people/{quote(text, safe='')}", "/crl/people/0.crl", "/ca/people.crt", "/health", "/x"]
    for path in paths:
        raw = _raw(responder, f"HEAD {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        head, _, body = raw.partition(b"\r\n\r\n")
        assert body == b""
        length = httpx.get(responder.url + path).headers["content-length"]
        assert f"content-length: {length}".encode() in head.lower(), (path, head)


def test_a_matching_etag_or_date_gets_304(responder: RunningResponder, people: Authority) -> None:
    text = quote(base64.b64encode(request_for(people.certificate, GOOD)).decode(), safe="")
    for path in (f"/ocsp/people/{text}", "/crl/people/0.crl", "/ca/people.crt"):
        first = httpx.get(responder.url + path)
        for headers in (
            {"If-None-Match": first.headers["etag"]},
            {"If-None-Match": f'"other", W/{first.headers["etag"]}'},
            {"If-None-Match": "*"},
            {"If-Modified-Since": first.headers["last-modified"]},
        ):
            again = httpx.get(responder.url + path, headers=headers)
            assert (again.status_code, again.content) == (304, b""), (path, headers)
            assert again.headers["etag"] == first.headers["etag"]
        for headers in (
            {"If-None-Match": '"other"', "If-Modified-Since": first.headers["last-modified"]},
            {"If-Modified-Since": "Thu, 01 Jan 1970 00:00:00 GMT"},
            {"If-Modified-Since": "nonsense"},
            {"If-Modified-Since": formatdate(time.time() - 1, usegmt=True)},
        ):
            assert httpx.get(responder.url + path, headers=headers).content == first.content


def test_crl_and_authority_certificate_are_der(responder: RunningResponder, people: Authority) -> None:
    reply = httpx.get(f"{responder.url}/crl/people/0.crl")
    assert reply.headers["content-type"] == "application/pkix-crl"
    crl = x509.load_der_x509_crl(reply.content)
    assert [entry.serial_number for entry in crl] == [REVOKED]
    reply = httpx.get(f"{responder.url}/ca/people.crt")
    assert reply.headers["content-type"] == "application/pkix-cert"
    assert reply.content == people.der


@pytest.mark.parametrize(
    ("method", "path", "status", "allow"),
    [
        ("PUT", "/ocsp/people", 405, "GET, HEAD, POST"),
        ("DELETE", "/crl/people/0.crl", 405, "GET, HEAD"),
        ("POST", "/ca/people.crt", 405, "GET, HEAD"),
        ("POST", "/health", 405, "GET, HEAD"),
        ("GET", "/", 404, None),
        ("GET", "/ocsp", 404, None),
        ("GET", "/ocsp/nobody/AAAA", 404, None),
        ("POST", "/ocsp/nobody", 404, None),
        ("POST", "/ocsp/people/extra", 404, None),
        ("GET", "/crl/people/1.crl", 404, None),
        ("GET", "/crl/people/0", 404, None),
        ("GET", "/crl/people/../../head.json", 404, None),
        ("GET", "/ca/people", 404, None),
        ("GET", "/ca/..%2Fhead.crt", 404, None),
    ],
)
def test_wrong_methods_and_paths(
    responder: RunningResponder, method: str, path: str, status: int, allow: str | None
) -> None:
    reply = httpx.request(method, responder.url + path)
    assert reply.status_code == status
    assert reply.headers.get("allow") == allow
    assert reply.headers["content-type"].startswith("text/plain")


def test_huge_requests_are_turned_away(responder: RunningResponder) -> None:
    assert httpx.post(f"{responder.url}/ocsp/people", content=b"x" * 4097).status_code == 413
    assert httpx.post(f"{responder.url}/ocsp/people", content=iter([b"x" * 3000] * 2)).status_code == 411
    long = _raw(
        responder, b"GET /ocsp/people/" + b"A" * 8000 + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    assert long.startswith(b"HTTP/1.1 414")
    announced = _raw(
        responder,
        b"POST /ocsp/people HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n" + b"x" * 999,
    )
    assert announced.startswith(b"HTTP/1.1 413")
    for many in (65_536, 4_000_000):
        huge = _raw(responder, b"GET /ocsp/people/" + b"A" * many + b" HTTP/1.1\r\nHost: x\r\n\r\n")
        assert huge.startswith(b"HTTP/1.1 414") and huge.endswith(b"414 URI Too Long\n")
    fields = _raw(responder, b"GET /health HTTP/1.1\r\nHost: x\r\nA: " + b"b" * 65_536 + b"\r\n\r\n")
    assert fields.startswith(b"HTTP/1.1 431")
    assert httpx.get(f"{responder.url}/health").json()["state"] == "ok"


def test_what_is_no_request_is_malformed(responder: RunningResponder) -> None:
    for body in (b"", b"hello", b"\x30\x00", b"\x30\x80\x00\x00"):
        reply = httpx.post(f"{responder.url}/ocsp/people", content=body)
        assert (reply.status_code, reply.content) == (200, _MALFORMED)
        assert reply.headers["cache-control"] == "no-store"
    for path in ("", "AAAA", "not base64!", "%C3%A4", "===="):
        assert httpx.get(f"{responder.url}/ocsp/people/{path}").content == _MALFORMED


def test_unknown_serials_and_issuers_are_unauthorized_and_hardly_cached(
    responder: RunningResponder, people: Authority, services: Authority
) -> None:
    for authority, issuer, serial in (
        ("people", people, 4711),
        ("people", services, GOOD),
        ("people", services, 77),
        ("services", people, GOOD),
        ("services", services, GOOD),
        ("people", Authority("people"), GOOD),
    ):
        body = request_for(issuer.certificate, serial)
        reply = httpx.post(f"{responder.url}/ocsp/{authority}", content=body)
        assert (reply.status_code, reply.content) == (200, _UNAUTHORIZED)
        assert int(reply.headers["cache-control"].rpartition("max-age=")[2]) <= 60
