# SPDX-License-Identifier: EUPL-1.2
"""Servers under measurement and what asks them: servers run on core 0, ApacheBench on core 1."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from bench.harness import free_port

CONNECTIONS = 64
_NEW_CONNECTIONS = 8
_POST = ("-T", "application/ocsp-request", "-p")

_NGINX = """daemon off; worker_processes 1; pid nginx.pid; error_log stderr crit;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 100000000; etag on; open_file_cache max=1000;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  types {{ }} default_type application/ocsp-response;
  server {{
    listen 127.0.0.1:{port} backlog=4096; root {folder}/static;
    add_header Cache-Control "public, max-age=60";
  }}
}}
"""


@dataclass(frozen=True)
class Running:
    """A server process and where it listens."""

    url: str
    process: subprocess.Popen[bytes]

    def mebibytes(self) -> float:
        """Memory of its own in all its processes. Files of the set are mapped, and shared by all of them."""
        return sum(own_mebibytes(pid) for pid in (self.process.pid, *_descendants(self.process.pid)))


def responder(folder: Path, publication: Path, key: Path) -> Running:
    """Ours, with one worker."""
    port = free_port()
    command = [sys.executable, "-m", "varmentaja.responder.serve", "--folder", str(publication)]
    return start([*command, "--key", str(key), "--port", str(port)], folder, port)


def nginx(folder: Path) -> Running:
    """nginx with one worker over ``folder/static``."""
    port = free_port()
    user = "" if os.getuid() else "user root; "  # else its worker could not read the folder
    (folder / "nginx.conf").write_text(user + _NGINX.format(port=port, folder=folder))
    return start(["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")], folder, port)


def start(
    command: Sequence[str], folder: Path, port: int, environment: Mapping[str, str] | None = None
) -> Running:
    """Start a server on core 0 and wait until it answers."""
    process = subprocess.Popen(
        ["taskset", "-c", "0", *command],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environment,
    )
    url = f"http://127.0.0.1:{port}"
    until = time.monotonic() + 120  # a first look verifies the whole set
    while time.monotonic() < until and process.poll() is None:
        with suppress(httpx.TransportError):
            httpx.get(url, timeout=60)
            return Running(url, process)
        time.sleep(0.05)
    process.kill()
    raise RuntimeError(f"{command[0]} did not start")


@contextmanager
def stopping(server: Running) -> Iterator[Running]:
    """Stop a server at the end of the block."""
    try:
        yield server
    finally:
        server.process.terminate()
        server.process.wait(20)


def prepare_openssl(folder: Path, serials: Iterator[int]) -> None:
    """``openssl ocsp`` with an authority and an index of its own: it signs ``unknown`` for our requests."""
    with (folder / "index.txt").open("w") as index:
        for serial in serials:
            index.write(f"V\t351231235959Z\t\t{serial:032X}\tunknown\t/CN={serial}\n")
    (folder / "index.txt.attr").write_text("unique_subject = no\n")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += ["-subj", "/CN=Benchmark", "-days", "2", "-keyout", "peer.key", "-out", "peer.pem"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


@contextmanager
def openssl(folder: Path) -> Iterator[Running]:
    """``openssl ocsp -multi 2``. Each round needs a fresh one: after a run its children may wait for ever."""
    port = free_port()
    command = ["taskset", "-c", "0", "openssl", "ocsp", "-port", str(port)]
    command += ["-index", "index.txt", "-CA", "peer.pem", "-rsigner", "peer.pem", "-rkey", "peer.key"]
    command += ["-multi", "2", "-ndays", "1"]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        assert process.stdout
        while b"ACCEPT" not in (line := process.stdout.readline()):
            if not line:
                raise RuntimeError("openssl ocsp did not start")
        yield Running(f"http://127.0.0.1:{port}", process)
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # with -multi it leads a group of its own
        process.wait(5)


@dataclass(frozen=True)
class Figures:
    """What ApacheBench found."""

    rate: float
    """Requests a second."""
    p99: float
    """Milliseconds."""


def ask(url: str, requests: int, *, post: Path | None = None, keep: bool = True) -> Figures:
    """Ask one question again and again; every answer must be a full success."""
    command = ["taskset", "-c", "1", "ab", "-q", "-r", "-l", "-n", str(requests)]
    command += ["-c", str(CONNECTIONS if keep else _NEW_CONNECTIONS), *(["-k"] if keep else [])]
    command += [*_POST, str(post)] if post else []
    done = subprocess.run([*command, url], capture_output=True, text=True, check=True, timeout=120)
    figures = dict(re.findall(r"^ *([A-Za-z0-9%\- ]+?):?\s+([\d.]+)", done.stdout, re.M))
    if float(figures["Failed requests"]) or "Non-2xx" in done.stdout:
        raise RuntimeError(done.stdout)
    return Figures(float(figures["Requests per second"]), float(figures["99%"]))


def _descendants(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children")
    found = [int(child) for child in children.read_text().split()]
    return [*found, *(below for child in found for below in _descendants(child))]


def own_mebibytes(pid: int | str = "self") -> float:
    """Resident memory of a process that is not mapped from a file."""
    found = re.search(r"^RssAnon:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.M)
    return int(found[1]) / 1024 if found else 0.0
