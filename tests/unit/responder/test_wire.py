# SPDX-License-Identifier: EUPL-1.2
"""HTTP as read from the wire: whole or not at all, and never otherwise than another program sees it."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.amount import examples

from varmentaja.responder.wire import BODY_LIMIT, HEAD_LIMIT, Refusal, awaits_permission, read_request

GET = b"GET /ocsp/people/MFEwTz%2BBNME%3D HTTP/1.1\r\nHost: status.example\r\nAccept: */*\r\n\r\n"
POST = b"POST /ocsp/people HTTP/1.1\r\nHost: status.example\r\nContent-Length: 5\r\n\r\nab\r\n\0"


def refused(data: bytes) -> str:
    with pytest.raises(Refusal) as refusal:
        read_request(data)
    return refusal.value.status[:3]


@pytest.mark.parametrize("whole", [GET, POST])
def test_a_request_is_read_once_it_is_all_there(whole: bytes) -> None:
    for size in range(len(whole)):
        assert read_request(whole[:size]) is None
    request = read_request(whole + GET)
    assert request is not None
    assert whole[request.size :] == b"" and request.keep_alive


def test_what_a_request_holds() -> None:
    request = read_request(POST)
    assert request is not None
    assert request.environ["REQUEST_METHOD"] == "POST"
    assert request.environ["PATH_INFO"] == "/ocsp/people"
    assert request.environ["wsgi.input"].read() == b"ab\r\n\0"
    request = read_request(GET.replace(b" HTTP", b"?a=b HTTP"))
    assert request is not None
    assert request.environ["PATH_INFO"] == "/ocsp/people/MFEwTz+BNME="
    assert request.environ["QUERY_STRING"] == "a=b"
    assert request.environ["HTTP_ACCEPT"] == "*/*"


@pytest.mark.parametrize(
    ("target", "path"),
    [
        (b"http://status.example/ca/x.crt", "/ca/x.crt"),
        (b"HTTP://status.example:80", ""),
        (b"*", "*"),
        (b"/%C3%A4%zz%", "/\xc3\xa4%zz%"),
        (b"//a//b", "//a//b"),
    ],
)
def test_every_form_of_target(target: bytes, path: str) -> None:
    request = read_request(b"GET " + target + b" HTTP/1.1\r\nHost: x\r\n\r\n")
    assert request is not None and request.environ["PATH_INFO"] == path


@given(
    st.lists(st.sampled_from(["%", "2", "5", "F", "B", "3", "D", "f", "/", "+", "=", "%2F", "%25"])).map(
        "".join
    )
)
def test_every_escape_is_undone_once(text: str) -> None:
    request = read_request(f"GET /{text} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
    assert request is not None
    assert request.environ["PATH_INFO"].encode("latin-1") == unquote_to_bytes(f"/{text}")


@pytest.mark.parametrize(
    ("version", "fields", "stays"),
    [
        (b"1.1", b"", True),
        (b"1.1", b"Connection: Close\r\n", False),
        (b"1.0", b"", False),
        (b"1.0", b"Connection: Keep-Alive\r\n", True),
    ],
)
def test_whether_the_connection_stays(version: bytes, fields: bytes, stays: bool) -> None:
    request = read_request(b"GET / HTTP/" + version + b"\r\nHost: x\r\n" + fields + b"\r\n")
    assert request is not None and request.keep_alive is stays


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "400"),  # no host
        (b"GET / HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n", "400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\na", "400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1, 1\r\n\r\na", "400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: +1\r\n\r\na", "400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: \xb2\r\n\r\na", "400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\na", "400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "411"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nTransfer-Encoding: x\r\n\r\n", "411"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: b\nContent-Length: 3\r\n\r\n", "400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: b\rc\r\n\r\n", "400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: b\0\r\n\r\n", "400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA : b\r\n\r\n", "400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n folded\r\n\r\n", "400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\nno colon\r\n\r\n", "400"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n: b\r\n\r\n", "400"),
        (b"GET  / HTTP/1.1\r\nHost: x\r\n\r\n", "400"),
        (b"GET /a b HTTP/1.1\r\nHost: x\r\n\r\n", "400"),
        (b"GET /\xe4 HTTP/1.1\r\nHost: x\r\n\r\n", "400"),
        (b"hello\r\n\r\n", "400"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "505"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\r\n\r\n", "400"),  # TLS to a plain port
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\n\r\n" % (BODY_LIMIT + 1), "413"),
        (b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n", "413"),
        (b"GET /" + b"A" * HEAD_LIMIT, "414"),
        (b"GET / HTTP/1.1\r\nA: " + b"b" * HEAD_LIMIT, "431"),
        (b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * HEAD_LIMIT + b"\r\n", "431"),
    ],
)
def test_what_two_readers_could_read_in_two_ways_is_refused(data: bytes, status: str) -> None:
    assert refused(data) == status


def test_a_client_that_waits_for_permission() -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-Continue\r\n\r\n"
    assert awaits_permission(head)
    assert not awaits_permission(head + b"a") and not awaits_permission(head[:-1])
    assert not awaits_permission(POST[:-5])


PIECES = [
    b"GET",
    b"POST",
    b" ",
    b"/a%2F",
    b"HTTP/1.1",
    b"HTTP/1.0",
    b"\r\n",
    b"\n",
    b"\r",
    b"Host: x",
    b":",
    b",",
]
PIECES += [b"Content-Length: 3", b"content-length: 0", b"Transfer-Encoding: chunked", b"Connection: close"]
PIECES += [
    b"\t",
    b"\0",
    b"abc",
    b"\r\n\r\n",
    b"X: y",
    b"3\r\nabc\r\n0\r\n\r\n",
    b"\xe4",
    b"0x3",
    b"Expect: 100-continue",
    b"Content_Length: 3\r\n",
]


def test_a_name_with_an_underscore_is_not_taken_for_another() -> None:
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent_Length: 3\r\nIf_None_Match: *\r\n\r\n"
    request = read_request(head + b"abc")
    assert request is not None and request.size == len(head)
    assert not {"CONTENT_LENGTH", "HTTP_IF_NONE_MATCH"} & set(request.environ)


@st.composite
def near_requests(draw: st.DrawFn) -> bytes:
    """Requests with something put in, taken out or changed here and there."""
    data = draw(st.sampled_from([GET, POST, POST + GET]))
    for _ in range(draw(st.integers(0, 3))):
        at, gone = draw(st.integers(0, len(data))), draw(st.integers(0, 4))
        data = data[:at] + draw(st.sampled_from([*PIECES, b""])) + data[at + gone :]
    return data


@examples(300, 30_000)
@given(near_requests() | st.lists(st.sampled_from(PIECES)).map(b"".join))
def test_what_is_taken_is_what_another_implementation_sees(data: bytes) -> None:
    try:
        request = read_request(data)
    except Refusal:
        return
    if request is None:
        return
    other = h11.Connection(h11.SERVER, max_incomplete_event_size=HEAD_LIMIT)
    other.receive_data(data)
    head, body = other.next_event(), b""
    assert isinstance(head, h11.Request)
    while isinstance(event := other.next_event(), h11.Data):
        body += event.data
    assert isinstance(event, h11.EndOfMessage)
    assert request.environ["REQUEST_METHOD"].encode() == head.method
    assert request.environ["wsgi.input"].read() == body
    assert data[request.size :] == other.trailing_data[0]
