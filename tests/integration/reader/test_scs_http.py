# SPDX-License-Identifier: EUPL-1.2
"""SCS over real sockets: what browsers, other programs and hostile pages get."""

import base64
import json
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
from tests.support.reader_fakes import PIN1, MemoryCard, OneReader, TinyHierarchy, Typist

from varmentaja.domain.errors import DomainError
from varmentaja.reader.cards import InsertedCard
from varmentaja.reader.events import Events
from varmentaja.reader.http import LocalServer
from varmentaja.reader.pad import Pad
from varmentaja.reader.scs import MAX_BODY
from varmentaja.reader.scs_http import scs_app
from varmentaja.reader.signing import ScsService

ORIGIN = "https://portal.example"
CHALLENGE = f"{ORIGIN};{'n' * 96}".encode()


@pytest.fixture(scope="module")
def card() -> MemoryCard:
    return MemoryCard(TinyHierarchy())


@pytest.fixture
def pad() -> Pad:
    return Pad(Events())


def serve(service: ScsService) -> LocalServer:
    server = LocalServer(scs_app(service), ports=(0,), max_body=MAX_BODY)
    server.start()
    return server


@pytest.fixture
def server(card: MemoryCard, pad: Pad) -> Iterator[LocalServer]:
    running = serve(ScsService(OneReader([InsertedCard("1", card)]), pad))
    yield running
    running.close()


def challenge(content: bytes = CHALLENGE) -> dict[str, object]:
    return {
        "version": "1.2",
        "selector": {"keyusages": ["digitalSignature"]},
        "content": base64.b64encode(content).decode(),
    }


def test_a_page_signs_in_after_its_preflight(card: MemoryCard) -> None:
    server = serve(ScsService(OneReader([InsertedCard("1", card)]), Typist([PIN1])))
    preflight = httpx.options(
        f"{server.url}/sign",
        headers={
            "Origin": ORIGIN,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "content-type",
            "Access-Control-Request-Private-Network": "true",
        },
    )
    assert preflight.status_code == 200
    assert preflight.headers["access-control-allow-origin"] == ORIGIN
    assert preflight.headers["access-control-allow-methods"] == "GET, POST"
    assert preflight.headers["access-control-allow-private-network"] == "true"
    assert "credentials" not in str(preflight.headers)
    answer = httpx.post(f"{server.url}/sign", json=challenge(), headers={"Origin": ORIGIN}, timeout=30)
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert answer.headers["vary"] == "Origin"
    assert answer.json()["status"] == "ok"
    server.close()


def test_failures_travel_inside_http_200(server: LocalServer) -> None:
    for body, headers in ((b"{", {}), (json.dumps(challenge()).encode(), {"Origin": "https://evil.example"})):
        answer = httpx.post(f"{server.url}/sign", content=body, headers=headers)
        assert answer.status_code == 200
        assert answer.json()["status"] == "failed"


def test_three_megabytes_are_refused_clearly(server: LocalServer) -> None:
    answer = httpx.post(f"{server.url}/sign", content=b"x" * 3_000_000, timeout=30)
    assert answer.json()["problem"] == "too_large"
    assert "2 MB" in answer.json()["reasonText"]


@pytest.mark.parametrize("host", ["evil.example", "evil.example:{port}", "127.0.0.1", "127.0.0.1:80", ""])
def test_a_name_pointed_at_this_machine_gets_nothing(server: LocalServer, host: str) -> None:
    answer = httpx.get(f"{server.url}/version", headers={"Host": host.format(port=server.port)})
    assert answer.status_code == 421
    assert "version" not in answer.text


def test_localhost_is_a_name_of_its_own(server: LocalServer) -> None:
    answer = httpx.get(f"{server.url}/version", headers={"Host": f"localhost:{server.port}"})
    assert answer.json()["version"] == "1.2"


def test_other_paths_and_methods_are_refused(server: LocalServer) -> None:
    assert httpx.get(f"{server.url}/").status_code == 404
    assert httpx.get(f"{server.url}/sign").status_code == 405
    assert httpx.put(f"{server.url}/version").status_code == 405


def raw(server: LocalServer, request: bytes) -> bytes:
    """Send bytes as they are and read to the end."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"\x00\x01\x02\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET /" + b"a" * 70_000 + b" HTTP/1.1\r\n\r\n",
        b"GET /version HTTP/1.1\r\n" + b"A: b\r\n" * 200 + b"\r\n",
        b"POST /sign HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: -5\r\n\r\n",
        b"POST /sign HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /sign HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Length: 999\r\n\r\n{",
    ],
)
def test_broken_http_never_stops_the_server(server: LocalServer, request_bytes: bytes) -> None:
    raw(server, request_bytes.replace(b"{port}", str(server.port).encode()))
    assert httpx.get(f"{server.url}/version").status_code == 200


def test_an_origin_of_several_lines_is_not_echoed(server: LocalServer) -> None:
    host = f"Host: 127.0.0.1:{server.port}\r\n".encode()
    answer = raw(server, b"GET /version HTTP/1.1\r\n" + host + b"Origin: a\r\n Set-Cookie: x=1\r\n\r\n")
    assert b"Set-Cookie" not in answer
    assert b'"version"' in answer


def test_a_thousand_requests_in_a_burst_are_all_answered(server: LocalServer) -> None:
    with (
        httpx.Client(timeout=60, limits=httpx.Limits(max_connections=None)) as client,
        ThreadPoolExecutor(100) as pool,
    ):

        def ask(_: int) -> int:
            return int(client.get(f"{server.url}/version").status_code)

        assert list(pool.map(ask, range(1000))) == [200] * 1000


def test_a_burst_of_signatures_asks_the_person_once_and_turns_most_away(
    server: LocalServer, pad: Pad
) -> None:
    def ask(_: int) -> str:
        answer = httpx.post(f"{server.url}/sign", json=challenge(), headers={"Origin": ORIGIN}, timeout=60)
        return str(answer.json()["problem"])

    with ThreadPoolExecutor(60) as pool:
        futures = [pool.submit(ask, number) for number in range(60)]
        deadline = time.monotonic() + 60
        while not all(future.done() for future in futures) and time.monotonic() < deadline:
            if pending := pad.pending:
                pad.cancel(pending.number)
            time.sleep(0.02)
    problems = [future.result() for future in futures]
    assert set(problems) == {"busy", "cancelled"}
    assert problems.count("cancelled") >= 9


def test_a_page_that_closes_takes_its_question_away(server: LocalServer, pad: Pad) -> None:
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{server.url}/sign", json=challenge(), headers={"Origin": ORIGIN}, timeout=0.5)
    deadline = time.monotonic() + 5
    while pad.pending and time.monotonic() < deadline:
        time.sleep(0.02)
    assert pad.pending is None


def test_the_first_free_candidate_port_is_used(card: MemoryCard) -> None:
    app = scs_app(ScsService(OneReader(), Typist([])))
    first = LocalServer(app, ports=(0,))
    second = LocalServer(app, ports=(first.port, 0))
    assert second.port != first.port
    with pytest.raises(DomainError, match="free"):
        LocalServer(app, ports=(first.port,))
    first.close()
    second.close()


def test_a_slow_client_does_not_hold_up_others(server: LocalServer) -> None:
    slow = socket.create_connection(("127.0.0.1", server.port))
    slow.sendall(b"GET /ver")
    done = threading.Event()

    def ask() -> None:
        httpx.get(f"{server.url}/version")
        done.set()

    threading.Thread(target=ask).start()
    assert done.wait(5)
    slow.close()
