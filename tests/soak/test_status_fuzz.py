# SPDX-License-Identifier: EUPL-1.2
"""A million questions to the responders: none of them a fault of ours, none answered wrongly."""

from __future__ import annotations

import io
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterable
from contextlib import suppress
from random import Random
from types import SimpleNamespace
from typing import Any, cast
from urllib.parse import unquote_to_bytes

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.soak.status_questions import Judge, Question, World
from tests.support import online
from tests.support.amount import amount, tell
from tests.support.online import GOOD, REVOKED, OnlineState
from tests.support.pki import Demo
from tests.support.responder import RunningResponder, running
from tests.support.status import Publication

from varmentaja.responder.app import Responder
from varmentaja.signer.keys import PUBLICATION_KEY

IN_PROCESS = amount(2_500, 400_000)
OVER_HTTP = amount(500, 100_000)
"""To each of the two responders: a million together."""
NAMES = ("professionals-ecc", "professionals-rsa", "root-ecc")
ISSUED = [0x5100 + number * 0x1234567 for number in range(40)]

pytestmark = [pytest.mark.xdist_group("status questions"), pytest.mark.timeout(7200)]

Application = Callable[[dict[str, Any], Callable[..., object]], Iterable[bytes]]


@pytest.fixture(scope="module")
def state(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> OnlineState:
    state = OnlineState(demo, tmp_path_factory.mktemp("fuzz") / "var", demo.now)
    state.publish([("professionals-ecc", serial) for serial in ISSUED])
    state.delegate()
    return state


@pytest.fixture
def world(state: OnlineState, request: pytest.FixtureRequest) -> World:
    """Drawn by the test's name, so that a failure comes again."""
    statuses = {("professionals-ecc", serial): "good" for serial in ISSUED}
    for name in NAMES[:2]:
        statuses |= {(name, GOOD): "good", (name, REVOKED): "revoked"}
    certificates = {name: state.demo.hierarchy.authority(name).certificate for name in NAMES}
    return World(certificates, statuses, Random(request.node.name))


def test_in_process_by_the_static_responder(state: OnlineState, world: World) -> None:
    watch = state.responder()._watch
    _in_process("static responder, in process", Responder(watch, state.now.timestamp), Judge(world, False))


def test_in_process_by_the_online_responder(state: OnlineState, world: World) -> None:
    _in_process("online responder, in process", state.responder(), Judge(world, True))


def test_over_http_to_the_static_responder(state: OnlineState, world: World) -> None:
    key = state.demo.store.public_key(PUBLICATION_KEY)
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    served = SimpleNamespace(folder=state.folder / "publication", public_key=pem)
    with running(cast(Publication, served)) as responder:
        _over_http("static responder, over HTTP", responder, Judge(world, False))


def test_over_http_to_the_online_responder(state: OnlineState, world: World) -> None:
    with online.running(state) as responder:
        _over_http("online responder, over HTTP", responder, Judge(world, True))


@pytest.mark.parametrize("known", ["good", "revoked", "of the static responder"])
def test_the_judge_finds_a_wrong_answer(state: OnlineState, world: World, known: str) -> None:
    """The same responder, when something else is known to be so."""
    signs = known not in ("good", "revoked")
    if not signs:
        world.statuses |= {("professionals-ecc", serial): known for serial in (GOOD, REVOKED)}
    with pytest.raises(AssertionError, match="Question"):
        _in_process("", state.responder(), Judge(world, not signs))


def _in_process(what: str, application: Application, judge: Judge) -> None:
    told: list[Any] = []
    begun = time.monotonic()
    for _ in range(IN_PROCESS):
        question = judge.world.question()
        environ = {
            "REQUEST_METHOD": question.method,
            "PATH_INFO": unquote_to_bytes(question.path).decode("latin-1"),
            "CONTENT_LENGTH": str(len(question.body)),
            "wsgi.input": io.BytesIO(question.body),
        }
        told.clear()
        body = b"".join(application(environ, lambda *start: told.extend(start)))
        judge.judge(question, int(told[0][:3]), body)
    _report(what, IN_PROCESS, judge.said, begun)


class _Wire:
    """A connection that is opened anew when the responder has closed it, as it does after nonsense."""

    def __init__(self, responder: RunningResponder, judge: Judge) -> None:
        self._responder, self._judge = responder, judge
        self._socket: socket.socket | None = None
        self._received = b""

    def ask(self, question: Question) -> None:
        """A whole request, and its answer."""
        self._send(_octets(question))
        status, body = self._read(question.method == "HEAD")
        self._judge.judge(question, status, body)

    def disturb(self, question: Question) -> None:
        """A request whose octets are damaged: whatever comes back, nothing of it is a fault of the server."""
        self._send(self._judge.world.damaged(_octets(question)))
        with suppress(TimeoutError, ConnectionError):
            assert self._socket
            self._socket.settimeout(0.05)
            while data := self._socket.recv(65536):
                self._received += data
        assert b"HTTP/1.1 500" not in self._received, question
        self._judge.said["damaged on the wire"] += 1
        self._close()

    def _send(self, octets: bytes) -> None:
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self._responder.port), timeout=30)
        self._socket.sendall(octets)

    def _read(self, is_head: bool) -> tuple[int, bytes]:
        while b"\r\n\r\n" not in self._received:
            self._more()
        head, _, rest = self._received.partition(b"\r\n\r\n")
        fields = dict(line.lower().split(b": ", 1) for line in head.split(b"\r\n")[1:])
        size = 0 if is_head else int(fields.get(b"content-length", b"0"))
        while len(rest) < size:
            self._more()
            rest = self._received.partition(b"\r\n\r\n")[2]
        assert len(rest) == size, "an answer of another length than it says"
        self._received = b""
        if fields.get(b"connection") == b"close":
            self._close()
        return int(head[9:12]), rest

    def _more(self) -> None:
        assert self._socket
        data = self._socket.recv(65536)
        assert data, "hung up without an answer"
        self._received += data

    def _close(self) -> None:
        assert self._socket
        self._socket.close()
        self._socket, self._received = None, b""


def _octets(question: Question) -> bytes:
    head = f"{question.method} {question.path} HTTP/1.1\r\nHost: status.example\r\n"
    return f"{head}Content-Length: {len(question.body)}\r\n\r\n".encode() + question.body


def _over_http(what: str, responder: RunningResponder, judge: Judge) -> None:
    wire, begun = _Wire(responder, judge), time.monotonic()
    for number in range(OVER_HTTP):
        question = judge.world.question()
        if number % 20:
            wire.ask(question)
        else:
            wire.disturb(question)
    assert responder.process.poll() is None
    log = responder.log.read_text()
    for fault in ("request_failed", "worker_ended", "Traceback"):
        assert fault not in log, log
    _report(what, OVER_HTTP, judge.said, begun)


def _report(what: str, many: int, said: Counter[str], begun: float) -> None:
    for outcome in ("good", "revoked", "unauthorized", "malformed_request", "HTTP 404", "HTTP 405"):
        assert said[outcome], f"{outcome}: the questions have become too tame"
    numbers = ", ".join(f"{outcome} {count:,}" for outcome, count in said.most_common())
    tell(
        f"Questions to the {what}",
        f"{many:,} questions in {time.monotonic() - begun:.0f} s, right, damaged and senseless: no fault,"
        f" no status that is not so. Answered: {numbers}.",
    )
