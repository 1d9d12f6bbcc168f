# SPDX-License-Identifier: EUPL-1.2
"""The server by itself: order and limits, and that slow clients are let go and stop nobody."""

from __future__ import annotations

import mmap
import socket
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from varmentaja.responder import server as tested
from varmentaja.responder.counters import Counters, place_of
from varmentaja.responder.http import Mapped
from varmentaja.responder.server import Server
from varmentaja.responder.wire import Shortcut

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

LARGE = mmap.mmap(-1, 8 << 20)
MOST = 40


def application(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    """Says what it was asked; faults and large answers by their addresses."""
    path = environ["PATH_INFO"]
    if path == "/fault":
        raise RuntimeError("of the test")
    if path == "/large":
        start_response("200 OK", [("Content-Length", str(len(LARGE)))])
        return Mapped(LARGE)
    body = f"{environ['REQUEST_METHOD']} {path} ".encode() + environ["wsgi.input"].read()
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


def shortcut(octets: bytes) -> tuple[bytes, bool, int] | None:
    """Knows one question, and how to end a connection; has a fault."""
    if octets.startswith(b"GET /odd"):
        raise RuntimeError("of the test")
    if not octets.startswith(b"GET /short"):
        return None
    staying = b"close" not in octets
    return b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes", staying, place_of("GET", "signed")


class Running:
    """A server in a thread, and clients of it."""

    def __init__(self, application: WSGIApplication = application, shortcut: Shortcut = shortcut) -> None:
        self.counters = Counters()
        listener = socket.create_server(("127.0.0.1", 0))
        self.address = listener.getsockname()
        self.server = Server(listener, application, MOST, self.counters.workers[0], shortcut)
        self.thread = threading.Thread(target=self.server.run)
        self.thread.start()

    def connect(self, send: bytes = b"", receive_buffer: int = 0) -> socket.socket:
        client = socket.socket()
        if receive_buffer:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        client.settimeout(20)
        client.connect(self.address)
        client.sendall(send)
        return client

    def counts(self, expected: dict[tuple[str, str], int]) -> bool:
        """Whether these were the outcomes; an answer is counted once it is sent."""
        worker = self.counters.workers[0]
        _wait(lambda: sum(worker.buckets) >= sum(expected.values()))
        return self.outcomes() == expected

    def outcomes(self) -> dict[tuple[str, str], int]:
        return {(method, outcome): many for method, outcome, many in self.counters.workers[0].requests}

    def close(self) -> None:
        self.server.stop()
        self.thread.join(20)
        assert not self.thread.is_alive()


def get(path: str, *fields: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: x", *fields, "", ""]).encode()


def to_the_end(client: socket.socket) -> bytes:
    received = b""
    while data := client.recv(1 << 20):
        received += data
    client.close()
    return received


def bodies(received: bytes) -> list[bytes]:
    """Of all answers, which say their lengths."""
    found = []
    while received:
        head, _, received = received.partition(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
        found.append(received[:length])
        received = received[length:]
    return found


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    for name in ("ASKING_SECONDS", "IDLE_SECONDS", "ANSWERING_SECONDS"):
        monkeypatch.setattr(tested, name, 2.0)
    monkeypatch.setattr(tested, "LEAVING_SECONDS", 0.5)
    monkeypatch.setattr(tested, "CROWDED_SECONDS", 0.1)
    running = Running()
    yield running
    running.close()


def test_requests_in_one_piece_are_answered_in_their_order(running: Running) -> None:
    post = b"POST /b HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody"
    asked = get("/a") + post + get("/large") + get("/c") + get("/d", "Connection: close") + get("/never")
    first, second, large, third, last = bodies(to_the_end(running.connect(asked)))
    assert (first, second, third, last) == (b"GET /a ", b"POST /b body", b"GET /c ", b"GET /d ")
    assert large == LARGE[:]
    assert running.counts({("GET", "answer"): 4, ("POST", "answer"): 1})


def test_what_the_shortcut_knows_the_application_is_not_asked(running: Running) -> None:
    client = running.connect(get("/short"))
    assert client.recv(100).endswith(b"yes")
    client.sendall(get("/a") + get("/short"))  # the long way first, and then what is left is short
    received = b""
    while not received.endswith(b"yes"):
        received += client.recv(1000)
    assert bodies(received) == [b"GET /a ", b"yes"]
    client.sendall(get("/short", "Connection: close"))
    assert bodies(to_the_end(client)) == [b"yes"]
    assert running.counts({("GET", "answer"): 1, ("GET", "signed"): 3})


def test_a_fault_of_the_shortcut_is_no_fault_of_the_answer(running: Running) -> None:
    asked = get("/odd") + get("/odd", "Connection: close")
    assert bodies(to_the_end(running.connect(asked))) == [b"GET /odd ", b"GET /odd "]


@pytest.mark.parametrize(
    ("version", "wish", "told"),
    [
        ("1.1", "keep-alive", b""),
        ("1.1", "close", b"Connection: close\r\n"),
        ("1.0", "keep-alive", b"Connection: keep-alive\r\n"),
        ("1.0", "x", b"Connection: close\r\n"),
    ],
)
def test_a_client_is_told_what_its_version_does_not_take_for_granted(
    running: Running, version: str, wish: str, told: bytes
) -> None:
    client = running.connect(get("/a", f"Connection: {wish}").replace(b"1.1", version.encode()))
    received = b""
    while not received.endswith(b"GET /a "):
        received += client.recv(1000)
    assert [line for line in received.splitlines(keepends=True) if line.startswith(b"Connection")] == [
        told
    ] * bool(told)
    client.close()


def test_a_request_in_single_octets_is_answered(running: Running) -> None:
    client = running.connect()
    for octet in get("/slowly", "Connection: close"):
        client.sendall(bytes([octet]))
    assert bodies(to_the_end(client)) == [b"GET /slowly "]


def test_a_fault_is_500_and_the_next_client_is_served(running: Running) -> None:
    received = to_the_end(running.connect(get("/fault") + get("/never")))
    assert received.startswith(b"HTTP/1.1 500 ") and received.count(b"HTTP/1.1") == 1
    assert bodies(to_the_end(running.connect(get("/a", "Connection: close")))) == [b"GET /a "]
    assert running.counts({("other", "failed"): 1, ("GET", "answer"): 1})


def test_who_is_refused_can_read_why_though_more_was_sent(running: Running) -> None:
    for nonsense in (
        b"\0" * (1 << 20),
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n" + b"x" * 300_000,
    ):
        client = running.connect()
        sender = threading.Thread(target=_send, args=(client, nonsense))
        sender.start()
        assert to_the_end(client)[9:12] in (b"413", b"414")
        sender.join()


def _send(client: socket.socket, data: bytes) -> None:
    with suppress(OSError):
        client.sendall(data)


@pytest.mark.parametrize("pieces", [1, 2, 3])
def test_permission_to_send_the_body(running: Running, pieces: int) -> None:
    head = b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n"
    client = running.connect()
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for number in range(pieces):
        time.sleep(0.05)  # so that each is read by itself
        client.sendall(head[len(head) * number // pieces : len(head) * (number + 1) // pieces])
    assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.sendall(b"ok")
    assert client.recv(1000).endswith(b"POST /a ok")
    client.close()


def test_a_body_that_does_not_come_stops_nobody_and_ends(running: Running) -> None:
    head = b"POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n"
    slow = [running.connect(head + b"x" * size) for size in range(5)]
    assert bodies(to_the_end(running.connect(get("/a", "Connection: close")))) == [b"GET /a "]
    begun = time.monotonic()
    for client in slow:
        for _ in range(3):  # what trickles in buys no time
            client.sendall(b"y")
        assert to_the_end(client).startswith(b"HTTP/1.1 408 ")
    assert time.monotonic() - begun < 15
    assert running.counts({("other", "turned_away"): 5, ("GET", "answer"): 1})


def test_silence_and_idleness_end(running: Running) -> None:
    silent, idle = running.connect(), running.connect(get("/a"))
    assert to_the_end(silent) == b""
    assert bodies(to_the_end(idle)) == [b"GET /a "]


def test_who_does_not_read_is_let_go_and_holds_up_nobody(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tested, "SLOWEST", 1 << 24)
    readers = [running.connect(get("/large"), receive_buffer=4096) for _ in range(5)]
    assert bodies(to_the_end(running.connect(get("/a", "Connection: close")))) == [b"GET /a "]
    for many in (5, 0):
        _wait(lambda many=many: running.counters.workers[0].connections == many)  # type: ignore[misc]
    for client in readers:
        with suppress(ConnectionResetError):
            assert len(to_the_end(client)) < len(LARGE)


def test_who_reads_slowly_but_steadily_gets_all(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tested, "ANSWERING_SECONDS", 1.5)
    client, received = running.connect(get("/large", "Connection: close"), receive_buffer=65536), b""
    begun = time.monotonic()
    while data := client.recv(1 << 18):
        received += data
        time.sleep(0.02)
    assert time.monotonic() - begun > 1 and bodies(received) == [LARGE[:]]


def test_more_connections_than_may_be_wait_and_idle_ones_make_room(running: Running) -> None:
    taken = [running.connect(get("/a")) for _ in range(MOST)]
    late = running.connect(get("/late", "Connection: close"))
    assert bodies(to_the_end(late)) == [b"GET /late "]
    for client in taken:
        assert bodies(to_the_end(client)) == [b"GET /a "]


def test_the_end_waits_for_answers_under_way(running: Running) -> None:
    client = running.connect(get("/large"), receive_buffer=65536)
    client.recv(1)
    running.server.stop()
    assert len(to_the_end(client)) > len(LARGE)
    running.thread.join(20)
    assert not running.thread.is_alive()


def _wait(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.05)
