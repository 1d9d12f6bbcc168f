# SPDX-License-Identifier: EUPL-1.2
"""Many clients, slow clients, and processes that are killed: who asks meanwhile gets the right answer."""

from __future__ import annotations

import os
import resource
import selectors
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import httpx
import psutil
import pytest
from cryptography.x509 import ocsp
from tests.integration.responder.conftest import GOOD, REVOKED
from tests.support.amount import amount, tell
from tests.support.responder import RunningResponder, request_for, running
from tests.support.status import DAY, NOW, Authority, Publication

from varmentaja.pki.publication import Crl

SLOW = amount(300, 3000)
CONNECTIONS = amount(1200, 5000)
LARGE = 16 << 20
PATIENCE = 10.0
"""Seconds that a question may take here, where others work, too; on a machine of its own, milliseconds."""
STATUSES = {GOOD: "GOOD", REVOKED: "REVOKED", 4711: "UNAUTHORIZED"}


@pytest.fixture(scope="module", autouse=True)
def many_descriptors() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 16384), hard))


def post(request: bytes) -> bytes:
    """A question over the wire."""
    head = f"POST /ocsp/people HTTP/1.1\r\nHost: x\r\nContent-Length: {len(request)}\r\n\r\n"
    return head.encode() + request


def status_of(answer: bytes) -> str:
    """Certificate status, or the refusal's name."""
    said = ocsp.load_der_ocsp_response(answer)
    if said.response_status is ocsp.OCSPResponseStatus.SUCCESSFUL:
        return said.certificate_status.name
    return said.response_status.name


@dataclass
class Asker:
    """Asks all the time, and keeps what was wrong, how often there was nobody, and the longest wait."""

    people: Authority
    url: str
    asked: int = 0
    broken: int = 0
    longest: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def run(self, stopping: threading.Event) -> None:
        """Over a connection that stays open while it can."""
        questions = [
            (request_for(self.people.certificate, serial), said) for serial, said in STATUSES.items()
        ]
        client, begun = httpx.Client(timeout=30), time.monotonic()
        while not stopping.is_set():
            request, expected = questions[self.asked % len(questions)]
            try:
                reply = client.post(f"{self.url}/ocsp/people", content=request)
            except httpx.TransportError:
                self.broken += 1
                client.close()
                client = httpx.Client(timeout=30)
                time.sleep(0.02)
                continue
            if reply.status_code != 200 or status_of(reply.content) != expected:
                self.wrong.append(f"{reply.status_code} {reply.content!r}")
            self.asked += 1
            self.longest = max(self.longest, time.monotonic() - begun)
            begun = time.monotonic()
        client.close()


@contextmanager
def asking(people: Authority, url: str, many: int = 3) -> Iterator[list[Asker]]:
    """Askers at work; none of them has got a wrong answer, and each has got some."""
    stopping, askers = threading.Event(), [Asker(people, url) for _ in range(many)]
    threads = [threading.Thread(target=asker.run, args=(stopping,)) for asker in askers]
    for thread in threads:
        thread.start()
    try:
        yield askers
    finally:
        stopping.set()
        for thread in threads:
            thread.join()
    for asker in askers:
        assert asker.wrong == [] and asker.asked > 0 and asker.longest < PATIENCE


def connect(responder: RunningResponder, send: bytes, receive_buffer: int = 0) -> socket.socket:
    client = socket.socket()
    if receive_buffer:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    client.settimeout(30)
    client.connect(("127.0.0.1", responder.port))
    client.sendall(send)
    return client


def answers(clients: list[socket.socket]) -> Iterator[str]:
    """What each of them is told, as it comes."""
    with selectors.DefaultSelector() as waiting:
        for client in clients:
            waiting.register(client, selectors.EVENT_READ)
        for _ in clients:
            ready = waiting.select(30)
            assert ready, "no answer"
            for key, _ in ready:
                waiting.unregister(key.fileobj)
                client = key.fileobj
                assert isinstance(client, socket.socket)
                yield status_of(client.recv(65536).partition(b"\r\n\r\n")[2])
            if not waiting.get_map():
                return


def test_bodies_that_never_come_stop_nobody(
    publication: Publication, responder: RunningResponder, people: Authority
) -> None:
    head = post(request_for(people.certificate, GOOD))
    with ExitStack() as clients, asking(people, responder.url) as askers:
        for number in range(SLOW):
            clients.enter_context(connect(responder, head[: len(head) - 1 - number % 60]))
        time.sleep(1)
    assert httpx.get(f"{responder.url}/health").json()["state"] == "ok"
    tell("Questions without their bodies", _told(askers, f"{SLOW:,} of them held open"))


def test_slow_readers_of_a_large_list_stop_nobody(publication: Publication, people: Authority) -> None:
    large = Crl("people", "1", 2, NOW, NOW + DAY, os.urandom(LARGE))
    publication.publisher.publish([], [large], {}, 2, NOW)
    with running(publication) as responder, ExitStack() as clients, asking(people, responder.url) as askers:
        before = _own_memory(responder)
        for _ in range(SLOW // 3):
            ask = b"GET /crl/people/1.crl HTTP/1.1\r\nHost: x\r\n\r\n"
            clients.enter_context(connect(responder, ask, receive_buffer=4096))
        time.sleep(1)
        assert httpx.get(f"{responder.url}/crl/people/1.crl").content == large.der
        grown = _own_memory(responder) - before
        assert grown < 24 << 20, "the list is not copied for each"
    tell("Slow readers", _told(askers, f"{SLOW // 3:,} of a list of 16 MiB, {grown >> 20} MiB more memory"))


def test_thousands_of_connections_that_stay_open(publication: Publication, people: Authority) -> None:
    requests = [(post(request_for(people.certificate, serial)), said) for serial, said in STATUSES.items()]
    few = ("prlimit", "--nofile=256:16384")  # as a shell gives them; the responder takes what it may
    with running(publication, workers=2, under=few) as responder, ExitStack() as clients:
        opened = [clients.enter_context(connect(responder, b"")) for _ in range(CONNECTIONS)]
        begun = time.monotonic()
        for turn in range(2):
            request, expected = requests[turn]
            for client in opened:
                client.sendall(request)
            assert list(answers(opened)) == [expected] * CONNECTIONS
        seconds = time.monotonic() - begun
        with asking(people, responder.url) as askers:
            time.sleep(1.2)  # the workers count once a second
        lines = httpx.get(f"{responder.url}/metrics").text.splitlines()
        open_now = [float(line.split()[1]) for line in lines if "responder_connections{" in line]
        assert len(open_now) == 2 and sum(open_now) >= CONNECTIONS
    more = f"{CONNECTIONS:,} connections asked twice in {seconds:.1f} s, {open_now} by worker"
    tell("Connections that stay open", _told(askers, more))


def test_killed_workers_are_replaced_and_the_others_answer(
    publication: Publication, people: Authority
) -> None:
    kills = amount(3, 30)
    with running(publication, workers=3) as responder, asking(people, responder.url) as askers:
        family = psutil.Process(responder.process.pid)
        for number in range(kills):
            time.sleep(0.3)
            victim = family.children()[number % 3]
            os.kill(victim.pid, signal.SIGKILL)
            _wait(lambda gone=victim: _is_replaced(gone, family.children()))  # type: ignore[misc]
    broken = sum(asker.broken for asker in askers)
    assert broken <= 3 * kills, "only who was talking to the one that was killed noticed"
    tell("Killed workers", _told(askers, f"{kills} killed, {broken} connections lost"))


def test_a_killed_server_comes_back_and_another_one_answers(
    publication: Publication, people: Authority
) -> None:
    kills = amount(1, 20)
    with running(publication) as other, asking(people, other.url) as steady:
        with running(publication) as first:
            port = first.port
            stopping, shaken = threading.Event(), Asker(people, first.url)
            thread = threading.Thread(target=shaken.run, args=(stopping,))
            thread.start()
            os.kill(first.process.pid, signal.SIGKILL)
            first.process.wait(20)
        for _ in range(kills):
            with running(publication, port=port) as again:
                before = shaken.asked
                _wait(lambda before=before: shaken.asked > before + 10)  # type: ignore[misc]
                os.kill(again.process.pid, signal.SIGKILL)
                again.process.wait(20)
        with running(publication, port=port):
            before = shaken.asked
            _wait(lambda: shaken.asked > before + 10)
            stopping.set()
            thread.join()
    assert shaken.wrong == [] and shaken.broken > 0
    assert sum(asker.broken for asker in steady) == 0
    tell("Killed servers", _told(steady, f"{kills + 1} killed under load; the other one"))


def _told(askers: list[Asker], what: str) -> str:
    asked, longest = sum(asker.asked for asker in askers), max(asker.longest for asker in askers)
    return f"{what}: {asked:,} questions meanwhile, all answered rightly, the longest wait {longest:.2f} s."


def _own_memory(responder: RunningResponder) -> int:
    """Octets that are not of mapped files."""
    processes = [psutil.Process(responder.process.pid)]
    processes += processes[0].children()
    return sum(process.memory_info().rss - process.memory_info().shared for process in processes)


def _is_replaced(gone: psutil.Process, children: list[psutil.Process]) -> bool:
    """By one look: between two, the one that was killed may leave the list."""
    return len(children) == 3 and gone not in children


def _wait(condition: Callable[[], bool], seconds: float = 30) -> None:
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen"
        time.sleep(0.02)
