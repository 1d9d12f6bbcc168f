# SPDX-License-Identifier: EUPL-1.2
"""What asks the servers under measurement, on core 1.

``ask_in_turn`` (wrk) goes through many questions over connections that are kept alive, so that no server can
hold the one answer ready. ``ask_anew`` (ApacheBench) asks one question, each time over a new connection.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

CONNECTIONS = 64
_NEW_CONNECTIONS = 8
_MEDIA_TYPE = "application/ocsp-request"
_HOST = {"Host": "127.0.0.1"}
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


def post(path: str, content: bytes) -> bytes:
    """One that carries an OCSP request."""
    headers = {**_HOST, "Content-Type": _MEDIA_TYPE, "Content-Length": str(len(content))}
    return f"POST {path} HTTP/1.1\r\n{_lines(headers)}\r\n".encode() + content


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


def ask_anew(url: str, requests: int, content: Path) -> Figures:
    """Post one question again and again; every answer must be a full success."""
    command = ["taskset", "-c", "1", "ab", "-q", "-r", "-l", "-n", str(requests), "-c", str(_NEW_CONNECTIONS)]
    done = subprocess.run(
        [*command, "-T", _MEDIA_TYPE, "-p", str(content), url],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    figures = dict(re.findall(r"^ *([A-Za-z0-9%\- ]+?):?\s+([\d.]+)", done.stdout, re.M))
    if float(figures["Failed requests"]) or "Non-2xx" in done.stdout:
        raise RuntimeError(done.stdout)
    return Figures(float(figures["Requests per second"]), float(figures["99%"]))
