# SPDX-License-Identifier: EUPL-1.2
"""Responders behind nginx: whatever the base64 of a request holds, the answer is the direct one; slow clients
do not reach them, and one that dies is not missed."""

from __future__ import annotations

import base64
import hashlib
import re
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest
from cryptography.x509 import ocsp
from tests.integration.tls.conftest import listens
from tests.support import nginx
from tests.support.responder import RunningResponder, free_port, request_for, running
from tests.support.status import NOW, Authority, Publication

TRAITS = {
    "two slashes": lambda path: "//" in path,
    "plus": lambda path: "+" in path,
    "equals": lambda path: path.endswith("=="),
    "slash at the end": lambda path: path.endswith("/"),
}


@dataclass(frozen=True)
class Front:
    """nginx before a responder."""

    port: int
    responder: RunningResponder
    second: RunningResponder
    requests: dict[str, tuple[int, str]]
    """Serial and base64 of a request for each trait."""


@dataclass(frozen=True)
class Raw:
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    body: bytes


def ask(port: int, path: str, method: str = "GET", body: bytes = b"") -> Raw:
    """A request whose path goes over the wire exactly as given."""
    with socket.create_connection(("127.0.0.1", port), timeout=10) as wire:
        head = f"{method} {path} HTTP/1.1\r\nHost: status.example\r\nConnection: close\r\n"
        head += f"Content-Type: application/ocsp-request\r\nContent-Length: {len(body)}\r\n\r\n"
        wire.sendall(head.encode() + body)
        answer = b"".join(iter(lambda: wire.recv(65536), b""))
    lines, _, content = answer.partition(b"\r\n\r\n")
    first, *rest = lines.decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in rest)}
    return Raw(int(first.split()[1]), headers, content)


def requests_by_trait(authority: Authority) -> dict[str, tuple[int, str]]:
    """A request for each awkward thing that base64 can hold, looked for among serials of several lengths."""
    found: dict[str, tuple[int, str]] = {}
    for number in range(100_000):
        digest = hashlib.sha256(str(number).encode()).digest()
        serial = int.from_bytes(digest[: 14 + number % 3], "big") >> 1 | 1
        path = base64.b64encode(request_for(authority.certificate, serial)).decode()
        new = [name for name, shows in TRAITS.items() if name not in found and shows(path)]
        if new:
            found[new[0]] = serial, path
        if len(found) == len(TRAITS):
            return found
    raise AssertionError(f"found only {list(found)}")


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp("front")
    authority = Authority("people")
    requests = requests_by_trait(authority)
    publication = Publication(folder / "publication")
    answers = [authority.answer(serial) for serial, _ in sorted(set(requests.values()))]
    publication.publisher.publish(answers, [authority.crl(number=1)], {"people": authority.der}, 1, NOW)
    port = free_port()
    with running(publication) as responder, running(publication) as second:
        recipe = nginx.filled("responder.conf", _values(port, folder, responder, second))
        config = nginx.write_configuration(folder / "nginx", recipe)
        with nginx.running(config, lambda: listens(port)):
            yield Front(port, responder, second, requests)


def _values(port: int, folder: Path, responder: RunningResponder, second: RunningResponder) -> dict[str, str]:
    """The recipe's second server is a comment."""
    return {
        "listen 80": f"listen 127.0.0.1:{port}",
        "/var/cache/nginx/varmentaja": str(folder / "cache"),
        "127.0.0.1:8001": f"127.0.0.1:{responder.port}",
        "# server 192.0.2.12:8001": f"server 127.0.0.1:{second.port}",
    }


@pytest.mark.parametrize("escaped", [False, True], ids=["plain", "escaped"])
@pytest.mark.parametrize("trait", list(TRAITS))
def test_an_awkward_request_gets_the_direct_answer_and_is_kept(
    front: Front, trait: str, escaped: bool
) -> None:
    serial, encoded = front.requests[trait]
    path = f"/ocsp/people/{quote(encoded, safe='') if escaped else encoded}"
    direct = ask(front.responder.port, path)
    first, second = ask(front.port, path), ask(front.port, path)
    assert (direct.status, first.status, second.status) == (200, 200, 200)
    assert direct.body == first.body == second.body
    assert ocsp.load_der_ocsp_response(second.body).serial_number == serial
    assert (first.headers["x-cache"], second.headers["x-cache"]) == ("MISS", "HIT")
    for name in ("cache-control", "etag", "last-modified", "content-type"):
        assert direct.headers[name] == second.headers[name]


def test_post_always_reaches_the_responder(front: Front) -> None:
    _, encoded = front.requests["plus"]
    body = base64.b64decode(encoded)
    for _ in range(2):
        answer = ask(front.port, "/ocsp/people", "POST", body)
        assert answer.body == ask(front.responder.port, "/ocsp/people", "POST", body).body
        assert answer.headers.get("x-cache", "") not in ("HIT", "MISS")


def test_lists_and_certificates_come_through(front: Front) -> None:
    for path in ("/crl/people/0.crl", "/ca/people.crt"):
        direct, first, second = (ask(port, path) for port in (front.responder.port, front.port, front.port))
        assert direct.status == 200
        assert direct.body == first.body == second.body
        assert second.headers["x-cache"] == "HIT"


def test_what_is_not_there_is_never_kept(front: Front) -> None:
    for _ in range(2):
        answer = ask(front.port, "/crl/people/99.crl")
        assert (answer.status, answer.headers["x-cache"]) == (404, "MISS")


def test_other_methods_and_huge_requests_are_turned_away(front: Front) -> None:
    assert ask(front.port, "/ocsp/people", "DELETE").status == 403
    assert ask(front.port, "/ocsp/people", "POST", b"x" * 70_000).status == 413


def test_the_recipe_needs_its_unmerged_slashes(front: Front, tmp_path: Path) -> None:
    """Without the directive the same request is another one: the test above can fail."""
    port = free_port()
    values = {
        "merge_slashes off;": "",
        **_values(port, tmp_path, front.responder, front.second),
        "proxy_pass http://varmentaja_responders": "proxy_pass http://varmentaja_responders$uri",
        "proxy_cache_key $request_uri": "proxy_cache_key $uri",
    }
    config = nginx.write_configuration(tmp_path / "nginx", nginx.filled("responder.conf", values))
    path = f"/ocsp/people/{front.requests['two slashes'][1]}"
    with nginx.running(config, lambda: listens(port)):
        assert ask(port, path).body != ask(front.responder.port, path).body


def test_health_and_metrics_are_not_the_publics(front: Front) -> None:
    for path in ("/health", "/metrics", "/health?x", "/%6detrics"):
        assert ask(front.port, path).status == 404
        assert ask(front.responder.port, path).status == 200
        assert ask(front.second.port, path).status == 200


def test_slow_clients_do_not_reach_the_responders(front: Front) -> None:
    head = b"POST /ocsp/people HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n"
    with ExitStack() as slow:
        for _ in range(100):
            wire = slow.enter_context(socket.create_connection(("127.0.0.1", front.port), timeout=10))
            wire.sendall(head + b"x" * 400)
        time.sleep(2.5)  # the responders count once a second
        for each in (front.responder, front.second):
            (line,) = re.findall(r"^varmentaja_responder_connections.* (\d+)", _metrics(each), re.M)
            assert int(line) < 20
        serial, encoded = front.requests["plus"]
        answer = ask(front.port, "/ocsp/people", "POST", base64.b64decode(encoded))
        assert ocsp.load_der_ocsp_response(answer.body).serial_number == serial


def test_a_responder_that_has_nothing_yet_is_passed_over(front: Front, tmp_path: Path) -> None:
    """A new one whose mirror is still fetching takes no share of the questions."""
    port = free_port()
    serial, encoded = front.requests["plus"]
    with running(Publication(tmp_path / "empty")) as empty:
        assert ask(empty.port, "/ocsp/people", "POST", base64.b64decode(encoded)).status == 503
        recipe = nginx.filled("responder.conf", _values(port, tmp_path, empty, front.second))
        config = nginx.write_configuration(tmp_path / "nginx", recipe)
        with nginx.running(config, lambda: listens(port)):
            for _ in range(10):
                answer = ask(port, "/ocsp/people", "POST", base64.b64decode(encoded))
                assert answer.status == 200
                assert ocsp.load_der_ocsp_response(answer.body).serial_number == serial
                assert ask(port, "/crl/people/0.crl").status == 200


def test_a_responder_that_dies_is_not_missed(front: Front) -> None:
    serial, encoded = front.requests["two slashes"]
    body = base64.b64decode(encoded)
    for number in range(60):
        if number == 20:
            front.responder.process.kill()
            front.responder.process.wait(20)
        answer = ask(front.port, "/ocsp/people", "POST", body)
        assert answer.status == 200
        assert ocsp.load_der_ocsp_response(answer.body).serial_number == serial


def _metrics(responder: RunningResponder) -> str:
    return ask(responder.port, "/metrics").body.decode()
