# SPDX-License-Identifier: EUPL-1.2
"""Sets change under load; broken ones do not; the responder stands alone and dies with its starter."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx
import psutil
import pytest
from cryptography.x509 import ocsp
from tests.integration.responder.conftest import GOOD
from tests.support.responder import RunningResponder, free_port, request_for, running
from tests.support.status import DAY, HOUR, NOW, Authority, Publication

from varmentaja.domain.errors import DomainError
from varmentaja.pki.publication import Candidate
from varmentaja.pki.publication.manifest import HEAD

_TRY_LATER = bytes.fromhex("30030a0103")


def _status(client: httpx.Client, responder: RunningResponder, request: bytes) -> ocsp.OCSPCertStatus:
    reply = client.post(f"{responder.url}/ocsp/people", content=request)
    assert reply.status_code == 200
    return ocsp.load_der_ocsp_response(reply.content).certificate_status


def _wait(condition: Callable[[], bool], seconds: float = 5) -> float:
    started = time.monotonic()
    while not condition():
        assert time.monotonic() - started < seconds, "it did not happen"
        time.sleep(0.01)
    return time.monotonic() - started


def _health(responder: RunningResponder) -> dict[str, object]:
    report: dict[str, object] = httpx.get(f"{responder.url}/health").json()
    return report


def test_sets_switch_under_load_without_a_failed_answer(publication: Publication, people: Authority) -> None:
    with running(publication, workers=2) as responder:
        request = request_for(people.certificate, GOOD)
        errors: list[str] = []
        seen: list[set[ocsp.OCSPCertStatus]] = [set() for _ in range(4)]
        stop = threading.Event()

        def hammer(mine: set[ocsp.OCSPCertStatus]) -> None:
            with httpx.Client() as client:
                while not stop.is_set():
                    try:
                        status = _status(client, responder, request)
                    except Exception as error:
                        errors.append(repr(error))
                        return
                    mine.add(status)

        threads = [threading.Thread(target=hammer, args=(mine,)) for mine in seen]
        for thread in threads:
            thread.start()
        for number in range(2, 8):
            renewed = [people.answer(GOOD, now=NOW - HOUR + number * HOUR / 10)]
            publication.publisher.publish(renewed, [people.crl(number=number)], {}, number, NOW)
            time.sleep(0.2)
        publication.publisher.overtake([people.answer(GOOD, revoked=True)], [], NOW)
        time.sleep(2)
        with httpx.Client() as client:
            last = {_status(client, responder, request) for _ in range(50)}
        stop.set()
        for thread in threads:
            thread.join()
        assert errors == []
        assert last == {ocsp.OCSPCertStatus.REVOKED}
        assert all(ocsp.OCSPCertStatus.REVOKED in mine for mine in seen)


def test_a_revocation_overtakes_within_two_seconds(
    publication: Publication, responder: RunningResponder, people: Authority
) -> None:
    request = request_for(people.certificate, GOOD)
    with httpx.Client() as client:
        assert _status(client, responder, request) is ocsp.OCSPCertStatus.GOOD
        started = time.monotonic()
        answer, crl = people.answer(GOOD, revoked=True), people.crl([GOOD], number=2)
        publication.publisher.overtake([answer], [crl], NOW)
        _wait(lambda: _status(client, responder, request) is ocsp.OCSPCertStatus.REVOKED)
        assert time.monotonic() - started <= 2
        assert client.get(f"{responder.url}/crl/people/0.crl").content == crl.der


def test_a_damaged_set_is_refused_and_the_old_one_stays(
    publication: Publication, responder: RunningResponder, people: Authority
) -> None:
    def damage(candidate: Candidate) -> None:
        """Flip a bit after the publisher has read the set back and before its head counts."""
        file = candidate.after.base.path / "people.2.answers"
        content = bytearray(file.read_bytes())
        content[len(content) // 2] ^= 1
        file.write_bytes(content)

    request = request_for(people.certificate, GOOD)
    poisoned = Publication(publication.folder, (damage,), publication.key)
    poisoned.publisher.publish([people.answer(GOOD, revoked=True)], [], {}, 2, NOW)
    _wait(lambda: _health(responder)["state"] == "behind")
    report = _health(responder)
    assert report["set"] == 1
    assert "people.2.answers" in str(report["problem"])
    with httpx.Client() as client:
        assert _status(client, responder, request) is ocsp.OCSPCertStatus.GOOD
    with pytest.raises(DomainError):
        publication.publisher.current()


def test_a_responder_with_nothing_it_can_vouch_for_says_so(tmp_path: Path, people: Authority) -> None:
    publication = Publication(tmp_path / "publication")
    with running(publication) as responder:
        reply = httpx.get(f"{responder.url}/health")
        assert (reply.status_code, reply.json()["state"]) == (503, "empty")
        request = request_for(people.certificate, GOOD)
        reply = httpx.post(f"{responder.url}/ocsp/people", content=request)
        assert (reply.status_code, reply.content) == (503, _TRY_LATER)
        for path in ("/crl/people/0.crl", "/ca/people.crt"):
            assert httpx.get(f"{responder.url}{path}").status_code == 503
        answers = [people.answer(GOOD)]
        publication.publisher.publish(answers, [], {"people": people.der}, 1, NOW)
        _wait(lambda: _health(responder)["state"] == "ok")
        with httpx.Client() as client:
            assert _status(client, responder, request) is ocsp.OCSPCertStatus.GOOD


def test_a_stale_answer_is_served_and_said_to_be_stale(
    publication: Publication, responder: RunningResponder, people: Authority
) -> None:
    old = people.answer(99, now=NOW - 3 * DAY, valid=DAY)
    publication.publisher.publish([old], [], {}, 2, NOW)
    _wait(lambda: _health(responder)["set"] == 2)
    reply = httpx.post(f"{responder.url}/ocsp/people", content=request_for(people.certificate, 99))
    assert reply.content == old.sha1
    assert reply.headers["cache-control"].endswith("max-age=0")
    assert parsedate_to_datetime(reply.headers["expires"]) == NOW - 2 * DAY


def test_the_responder_knows_no_database_and_no_django(tmp_path: Path, publication: Publication) -> None:
    key = tmp_path / "key.pem"
    key.write_bytes(publication.public_key)
    program = (
        "import sys; from pathlib import Path; import varmentaja.responder.serve as serve; "
        "serve.load_application(Path(sys.argv[1]), Path(sys.argv[2])); print(sorted(sys.modules))"
    )
    command = [sys.executable, "-c", program, str(publication.folder), str(key)]
    loaded = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for module in (
        "django",
        "psycopg",
        "procrastinate",
        "varmentaja.apps",
        "varmentaja.pki.keystore.software",
    ):
        assert f"'{module}'" not in loaded


def test_a_responder_that_cannot_start_says_why_and_ends(tmp_path: Path, publication: Publication) -> None:
    command = [sys.executable, "-m", "varmentaja.responder.serve", "--folder", str(publication.folder)]
    command += ["--key", str(tmp_path / "nowhere.pem"), "--port", str(free_port()), "--workers", "2"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert "nowhere.pem" in done.stderr


def test_until_it_can_answer_connections_are_refused(publication: Publication, people: Authority) -> None:
    """At a nation's size it verifies for seconds; here, its head is a pipe into which nobody writes yet."""
    head = publication.folder / HEAD
    content = head.read_bytes()
    head.unlink()
    os.mkfifo(head)
    with running(publication, ready=False) as responder:
        with head.open("wb") as pipe:  # waits for the responder to read
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", responder.port))
            fresh = head.with_name("fresh")
            fresh.write_bytes(content)
            fresh.rename(head)
            pipe.write(content)
        responder.wait_until_ready()
        with httpx.Client() as client:
            request = request_for(people.certificate, GOOD)
            assert _status(client, responder, request) is ocsp.OCSPCertStatus.GOOD


def test_a_worker_that_cannot_be_replaced_yet_leaves_the_others_serving(
    publication: Publication, people: Authority
) -> None:
    request = request_for(people.certificate, GOOD)
    with running(publication, workers=2) as responder, httpx.Client() as client:
        key = publication.folder.parent / "publisher.pem"
        family = psutil.Process(responder.process.pid)
        _wait(lambda: len(family.children()) == 2)
        healthy, victim = family.children()
        key.rename(key.with_suffix(".away"))
        victim.kill()
        _wait(lambda: responder.log.read_text().count('"started": false') == 1, 20)
        assert healthy.is_running()
        for _ in range(5):
            assert _status(client, responder, request) is ocsp.OCSPCertStatus.GOOD
        key.with_suffix(".away").rename(key)
        _wait(lambda: len(family.children()) == 2, 10)
        healthy.kill()
        _wait(lambda: len(family.children()) == 2 and healthy not in family.children(), 10)
        responder.wait_until_ready()
        assert httpx.get(f"{responder.url}/health").json()["state"] == "ok"


def test_a_slow_client_does_not_keep_the_server_from_ending(publication: Publication) -> None:
    with ExitStack() as open_now:
        responder = open_now.enter_context(running(publication, workers=2))
        slow = open_now.enter_context(socket.create_connection(("127.0.0.1", responder.port)))
        slow.sendall(b"POST /ocsp/people HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n")
        time.sleep(0.3)
        responder.process.terminate()
        assert responder.process.wait(8) == 0


def test_killing_the_server_leaves_no_process(publication: Publication) -> None:
    with running(publication, workers=2) as responder:
        family = psutil.Process(responder.process.pid).children(recursive=True)
        assert len(family) >= 2
        os.kill(responder.process.pid, signal.SIGKILL)
        responder.process.wait(5)
        _, alive = psutil.wait_procs(family, timeout=5)
        assert alive == []
