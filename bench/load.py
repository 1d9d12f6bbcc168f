# SPDX-License-Identifier: EUPL-1.2
"""What asks the servers under measurement, on core 1.

wrk goes through many questions, so that no server can hold the one answer ready: over connections that stay,
or each over a new one where the requests say so (``ONCE``).
"""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

CONNECTIONS = 64
NEW_CONNECTIONS = 8
"""At a time, where each request has one of its own."""
_HOST = {"Host": "127.0.0.1"}
ONCE = {**_HOST, "Connection": "close"}
"""Headers of a request that has a connection of its own."""
_SCRIPT = Path(__file__).with_name("load.lua")


@dataclass(frozen=True)
class Figures:
    """What was found."""

    rate: float
    """Requests a second."""
    p99: float
    """Milliseconds."""


def get(path: str, headers: Mapping[str, str] = _HOST) -> bytes:
    """A request of HTTP/1.1."""
    return f"GET {path} HTTP/1.1\r\n{_lines(headers)}\r\n".encode()


def post(path: str, content: bytes, headers: Mapping[str, str] = _HOST) -> bytes:
    """One that carries an OCSP request."""
    entity = {"Content-Type": "application/ocsp-request", "Content-Length": str(len(content))}
    return f"POST {path} HTTP/1.1\r\n{_lines({**headers, **entity})}\r\n".encode() + content


def _lines(headers: Mapping[str, str]) -> str:
    return "".join(f"{name}: {value}\r\n" for name, value in headers.items())


def write_requests(file: Path, requests: Iterable[bytes]) -> Path:
    """Lay requests down for ``ask_in_turn``."""
    with file.open("wb") as out:
        for request in requests:
            out.write(b"%08d" % len(request) + request)
    return file


def ask_in_turn(url: str, requests: Path, seconds: int, *, connections: int = CONNECTIONS) -> Figures:
    """Send the file's requests in turn for so long; every answer must be a full success."""
    command = ["taskset", "-c", "1", "wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds}s"]
    done = subprocess.run(
        [*command, "--timeout", "10s", "-s", str(_SCRIPT), url],
        env={**os.environ, "REQUESTS": str(requests)},
        capture_output=True,
        text=True,
        timeout=seconds + 60,
        check=True,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    if found["failed"] or not found["requests"]:
        raise RuntimeError(done.stdout)
    return Figures(found["requests"] / found["microseconds"] * 1e6, found["p99"] / 1000)
