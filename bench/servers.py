# SPDX-License-Identifier: EUPL-1.2
"""Programs under measurement, on core 0; what asks them (load.py) is on core 1."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
from cryptography import x509
from tests.support import nginx as recipes

from bench import cores
from bench.harness import ROOT, free_port
from varmentaja.config import SECRETS, Settings

_NGINX = """daemon off; worker_processes 1; worker_rlimit_nofile 16384; pid nginx.pid; error_log stderr crit;
events {{ worker_connections 1024; }}
http {{
  access_log off; keepalive_requests 100000000; etag on; open_file_cache max=12000 inactive=1h;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  types {{ }} default_type application/ocsp-response;
  server {{
    listen 127.0.0.1:{port} backlog=4096; root {folder}/static;
    add_header Cache-Control "public, max-age=60";
  }}
}}
"""


_MAKE_HOST = (
    "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout host.key -out host.pem"
    " -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1"
)


@dataclass(frozen=True)
class Running:
    """A server process and where it listens."""

    url: str
    process: subprocess.Popen[bytes]

    def mebibytes(self) -> float:
        """Memory of its own in all its processes. Files of the set are mapped, and shared by all of them."""
        return sum(own_mebibytes(pid) for pid in (self.process.pid, *cores.descendants(self.process.pid)))


def responder(folder: Path, publication: Path, key: Path) -> Running:
    """Ours, with one worker."""
    port = free_port()
    command = [sys.executable, "-m", "varmentaja.responder.serve", "--folder", str(publication)]
    return start([*command, "--key", str(key), "--port", str(port)], folder, port)


def online(folder: Path, settings: Settings) -> Running:
    """Our online-signing responder, with one worker; its port is seven above the portal's."""
    port = free_port()
    command = [sys.executable, "-m", "varmentaja", "responder-online", "--port", str(port - 7)]
    return start(command, folder, port, settings.variables(SECRETS))


@contextmanager
def worker(folder: Path, settings: Settings) -> Iterator[None]:
    """The service's own worker, with the state's keys and database."""
    with process(
        [sys.executable, "-m", "varmentaja", "worker"], folder / "worker.log", settings.variables(SECRETS)
    ):
        yield


@contextmanager
def mirrored(folder: Path, settings: Settings) -> Iterator[Running]:
    """A responder over a mirror of the publication, which follows over HTTPS as deploy/nginx has it."""
    place, port = folder / "mirror", free_port()
    place.mkdir()
    subprocess.run(_MAKE_HOST.split(), cwd=place, check=True, capture_output=True)
    values = {
        "443 ssl": f"127.0.0.1:{port} ssl",
        "/etc/nginx/publication.crt": str(place / "host.pem"),
        "/etc/nginx/publication.key": str(place / "host.key"),
        "/var/lib/varmentaja/publication/": f"{settings.publication}/",
    }
    config = recipes.write_configuration(place, recipes.filled("publication.conf", values))
    source = ["--source", f"https://127.0.0.1:{port}/publication/", "--authorities", str(place / "host.pem")]
    with (
        recipes.running(config, lambda: _listens(port)),
        _behind_mirror(place, settings, source) as served,
    ):
        yield served


@contextmanager
def stored(folder: Path, settings: Settings) -> Iterator[Running]:
    """A responder over a mirror that follows S3-compatible storage (moto's), which the uploader fills."""
    place, port = folder / "storage", free_port()
    place.mkdir()
    access = {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_REGION": "us-east-1"}
    environment = {**os.environ, **access, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}"}
    storage = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    upload = [sys.executable, "-m", "varmentaja.responder.upload", "--to", "s3://publication"]
    upload += ["--folder", str(settings.publication), "--key", str(settings.publisher_key)]
    with stopping(start(storage, place, port)) as running:
        httpx.put(f"{running.url}/publication").raise_for_status()  # makes the bucket
        with (
            process(upload, place / "upload.log", environment),
            _behind_mirror(place, settings, ["--source", "s3://publication"], environment) as served,
        ):
            yield served


@contextmanager
def _behind_mirror(
    place: Path, settings: Settings, source: Sequence[str], environment: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """A mirror that follows the source, and a responder over its copy."""
    command = [sys.executable, "-m", "varmentaja.responder.mirror", "--folder", str(place / "copy")]
    command += ["--key", str(settings.publisher_key), *source]
    with (
        process(command, place / "mirror.log", environment),
        stopping(responder(place, place / "copy", settings.publisher_key)) as served,
    ):
        yield served


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


@contextmanager
def process(
    command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[None]:
    """A program without an address, for as long as the block lasts."""
    with log.open("wb") as output:
        started = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output, env=environment)
    try:
        yield
    finally:
        started.terminate()
        started.wait(60)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def prepare_openssl(folder: Path, serials: Iterator[int]) -> None:
    """``openssl ocsp`` with an authority and an index of its own: it signs ``unknown`` for our requests."""
    with (folder / "index.txt").open("w") as index:
        for serial in serials:
            index.write(f"V\t351231235959Z\t\t{serial:032X}\tunknown\t/CN={serial}\n")
    (folder / "index.txt.attr").write_text("unique_subject = no\n")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += ["-subj", "/CN=Benchmark", "-days", "2", "-keyout", "peer.key", "-out", "peer.pem"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def openssl_issuer(folder: Path) -> tuple[bytes, bytes]:
    """The peer's authority as requests name it: SHA-1 of its name and of its key."""
    peer = x509.load_pem_x509_certificate((folder / "peer.pem").read_bytes())
    key = x509.SubjectKeyIdentifier.from_public_key(peer.public_key())
    return hashlib.sha1(peer.subject.public_bytes()).digest(), key.digest  # noqa: S324  RFC 9919


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


def own_mebibytes(pid: int | str = "self") -> float:
    """Resident memory of a process that is not mapped from a file."""
    found = re.search(r"^RssAnon:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text(), re.M)
    return int(found[1]) / 1024 if found else 0.0
