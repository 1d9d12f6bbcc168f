# SPDX-License-Identifier: EUPL-1.2
"""SCS over real sockets: what browsers, other programs and hostile pages get."""

import base64
import json
import os
import socket
import ssl
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from tests.support.reader_fakes import PIN1, MemoryCard, OneReader, TinyHierarchy, Typist

from varmentaja.domain.errors import DomainError
from varmentaja.reader.attention import MOST_WAITING
from varmentaja.reader.cards import InsertedCard
from varmentaja.reader.events import Events
from varmentaja.reader.http import App, LocalServer
from varmentaja.reader.https import LocalTls
from varmentaja.reader.pad import Pad
from varmentaja.reader.prompts import PinAnswer
from varmentaja.reader.scs import MAX_BODY
from varmentaja.reader.scs_http import scs_app
from varmentaja.reader.scs_pages import ScsPages
from varmentaja.reader.signing import ScsService

ORIGIN = "https://portal.example"
CHALLENGE = f"{ORIGIN};{'n' * 96}".encode()
TLS = LocalTls(Path(tempfile.mkdtemp()))


@pytest.fixture(scope="module")
def card() -> MemoryCard:
    return MemoryCard(TinyHierarchy())


@pytest.fixture
def pad() -> Pad:
    return Pad(Events())


def app_of(service: ScsService) -> App:
    return scs_app(service, ScsPages(TLS, lambda: "https://127.0.0.1"))


def serve(service: ScsService, *, https: bool = False) -> LocalServer:
    tls = TLS.context if https else None
    server = LocalServer(app_of(service), ports=(0,), max_body=MAX_BODY, tls=tls)
    server.start()
    return server


@pytest.fixture
def server(card: MemoryCard, pad: Pad) -> Iterator[LocalServer]:
    running = serve(ScsService(OneReader([InsertedCard("1", card)]), pad))
    yield running
    running.close()


@pytest.fixture
def https_server(card: MemoryCard, pad: Pad) -> Iterator[LocalServer]:
    running = serve(ScsService(OneReader([InsertedCard("1", card)]), pad), https=True)
    yield running
    running.close()


@pytest.fixture
def trusting() -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(TLS.authority_file))


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
    assert httpx.get(f"{server.url}/nothing").status_code == 404
    assert httpx.post(f"{server.url}/fi/").status_code == 405
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


def test_a_thousand_signatures_in_a_burst_ask_one_by_one_and_most_are_turned_away(
    server: LocalServer, pad: Pad
) -> None:
    """One is before the person, eight wait, and the program goes on."""
    body = json.dumps(challenge()).encode()

    def ask(_: int) -> str:
        with suppress(OSError):
            return problem_of(server, body)
        return "turned away"

    with ThreadPoolExecutor(500) as pool:
        futures = [pool.submit(ask, number) for number in range(1000)]
        most_waiting, deadline = 0, time.monotonic() + 120
        while not all(future.done() for future in futures) and time.monotonic() < deadline:
            done = sum(future.done() for future in futures)
            if done < len(futures) - MOST_WAITING - 1:
                time.sleep(0.05)
                continue
            most_waiting = max(most_waiting, len(futures) - done)
            if pending := pad.pending:
                pad.cancel(pending.number)
            time.sleep(0.02)
    problems = [future.result(0) for future in futures]
    assert set(problems) <= {"busy", "cancelled", "turned away"}
    assert problems.count("busy") > 500
    assert problems.count("cancelled") == MOST_WAITING + 1 == most_waiting
    answer = httpx.post(f"{server.url}/sign", content=b"{", timeout=30)
    assert answer.json()["problem"] == "bad_request"


def problem_of(server: LocalServer, body: bytes) -> str:
    """What a page is told that waits as long as it takes."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=120) as connection:
        head = f"POST /sign HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nOrigin: {ORIGIN}\r\n"
        connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    return str(json.loads(answer.partition(b"\r\n\r\n")[2] or "{}").get("problem", "turned away"))


def test_a_page_that_closes_takes_its_question_away(server: LocalServer, pad: Pad) -> None:
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(f"{server.url}/sign", json=challenge(), headers={"Origin": ORIGIN}, timeout=0.5)
    deadline = time.monotonic() + 5
    while pad.pending and time.monotonic() < deadline:
        time.sleep(0.02)
    assert pad.pending is None


def test_the_first_free_candidate_port_is_used(card: MemoryCard) -> None:
    app = app_of(ScsService(OneReader(), Typist([])))
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


def test_https_on_both_names_of_this_computer(https_server: LocalServer, trusting: ssl.SSLContext) -> None:
    for name in ("127.0.0.1", "localhost"):
        answer = httpx.get(f"https://{name}:{https_server.port}/version", verify=trusting)
        assert answer.json()["version"] == "1.2"
    with pytest.raises(httpx.ConnectError, match="certificate"):
        httpx.get(f"{https_server.url}/version")


def test_a_page_that_closes_over_https_takes_its_question_away(
    https_server: LocalServer, pad: Pad, trusting: ssl.SSLContext
) -> None:
    with pytest.raises(httpx.ReadTimeout):
        httpx.post(
            f"{https_server.url}/sign",
            json=challenge(),
            headers={"Origin": ORIGIN},
            timeout=1,
            verify=trusting,
        )
    deadline = time.monotonic() + 5
    while pad.pending and time.monotonic() < deadline:
        time.sleep(0.02)
    assert pad.pending is None


def test_a_page_that_waits_over_https_keeps_its_question(
    https_server: LocalServer, pad: Pad, trusting: ssl.SSLContext
) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(
            httpx.post,
            f"{https_server.url}/sign",
            json=challenge(),
            headers={"Origin": ORIGIN},
            timeout=60,
            verify=trusting,
        )
        deadline = time.monotonic() + 20
        while pad.pending is None and time.monotonic() < deadline:
            time.sleep(0.02)
        time.sleep(1)  # many looks at the connection
        assert pad.pending is not None
        pad.answer(pad.pending.number, PinAnswer(0, PIN1))
        assert waiting.result().json()["status"] == "ok"


def test_plain_talk_to_the_https_port_stops_nothing(
    https_server: LocalServer, trusting: ssl.SSLContext
) -> None:
    with socket.create_connection(("127.0.0.1", https_server.port), timeout=10) as connection:
        connection.sendall(b"GET /version HTTP/1.1\r\n\r\n")
        with suppress(ConnectionResetError):
            while connection.recv(1000):
                pass
    assert httpx.get(f"{https_server.url}/version", verify=trusting).status_code == 200


def test_a_burst_of_large_bodies_leaves_memory_bounded(server: LocalServer) -> None:
    body = json.dumps(challenge(b"x" * 1_400_000)).encode()
    before = resident()

    def ask(_: int) -> int:
        return httpx.post(
            f"{server.url}/sign", content=body, headers={"Origin": ORIGIN}, timeout=120
        ).status_code

    with ThreadPoolExecutor(50) as pool:
        statuses = list(pool.map(ask, range(150)))
    assert set(statuses) <= {200, 503}
    assert httpx.get(f"{server.url}/version").status_code == 200
    assert resident() - before < 300


def resident() -> float:
    """MiB of this process now, the client's side of the burst included."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def test_the_pages_explain_trust_in_three_languages(server: LocalServer) -> None:
    start = httpx.get(f"{server.url}/", headers={"Accept-Language": "sv"})
    assert (start.status_code, start.headers["location"]) == (303, "/sv/")
    for language in ("fi", "sv", "en"):
        page = httpx.get(f"{server.url}/{language}/")
        assert page.status_code == 200
        assert TLS.authority().fingerprint(hashes.SHA256()).hex(":").upper() in page.text
    given = httpx.get(f"{server.url}/local-authority.crt")
    assert given.headers["content-type"] == "application/x-x509-ca-cert"
    assert x509.load_der_x509_certificate(given.content) == TLS.authority()
