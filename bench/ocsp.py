# SPDX-License-Identifier: EUPL-1.2
"""OCSP answers a second: ``python -m bench.ocsp [certificates]``.

The responder (one worker) over a set of really signed answers, against nginx (one worker) with the same bytes
as static files and ``openssl ocsp`` over an index of the same size. Servers run on core 0, ``ab`` on core 1.
"""

from __future__ import annotations

import base64
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from urllib.parse import quote

import httpx
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp

from bench.authority import make_authority
from bench.harness import Row, free_port, interleaved, report
from varmentaja.pki.hierarchy import Authority
from varmentaja.pki.keystore import KeyStore
from varmentaja.pki.ocsp import CertIdHash, CertificateStatus, Condition, issuer_hashes, presign
from varmentaja.pki.publication import Answer, Publisher, verifier

_REQUESTS = 30_000
_NEW_CONNECTIONS = 6_000
_CONNECTIONS = 64
_FIRST = 0x4A7C15F39CC0605CEDC8341082276BF3
_POST = ["-p", "request.der", "-T", "application/ocsp-request"]

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


def measure(certificates: int = 100_000, rounds: int = 5) -> list[Row]:
    """Set up everything once, then let all take turns."""
    now = datetime.now(UTC).replace(microsecond=0)
    with tempfile.TemporaryDirectory() as name, ExitStack() as running:
        folder = Path(name)
        authority, store = make_authority(folder, now)
        presigning = _presigning(authority, store, now)
        publisher, publishing = _publish(folder, authority, store, certificates, now)
        path = _write_requests(folder, authority, certificates, publisher)
        ours, nginx, openssl = (f"http://127.0.0.1:{free_port()}" for _ in range(3))
        running.enter_context(_responder(folder, ours))
        running.enter_context(_nginx(folder, nginx))
        _prepare_openssl(folder, certificates)
        url = f"{ours}/ocsp/{authority.id}"
        expected = (folder / "static" / "answer").read_bytes()
        asked = httpx.get(f"{url}/{path}").content, httpx.get(f"{nginx}/answer").content
        if asked != (expected, expected):
            raise RuntimeError("a server does not give the answer that is to be measured")
        late: list[float] = []
        rates = interleaved(
            {
                "get": lambda: _ab(folder, f"{url}/{path}", ["-k"], late=late),
                "nginx": lambda: _ab(folder, f"{nginx}/answer", ["-k"]),
                "post": lambda: _ab(folder, url, ["-k", *_POST]),
                "new": lambda: _ab(folder, url, _POST, _NEW_CONNECTIONS),
                "openssl": lambda: _ask_openssl(folder, openssl),
            },
            rounds,
        )
        lag = max(_lag(publisher, authority, store, url, serial) for serial in range(_FIRST, _FIRST + 10))
    limit = f"of {rates['nginx']:,.0f}/s, {_CONNECTIONS} connections kept alive"
    of_nginx = {name: rates[name] / rates["nginx"] for name in ("get", "post")}
    new = f"{rates['new']:,.0f}/s against {rates['openssl']:,.0f}/s"
    signing = "both CertID hashes"
    return [
        Row("GET, of nginx", of_nginx["get"], "×", f"{rates['get']:,.0f}/s {limit}", "ocsp_nginx"),
        Row("POST, of nginx", of_nginx["post"], "×", f"{rates['post']:,.0f}/s {limit}", "ocsp_nginx"),
        Row("against `openssl ocsp`, a new connection each", rates["new"] / rates["openssl"], "×", new),
        Row("99th percentile at 64 connections", median(late), "ms", "GET, kept alive", "ocsp_p99"),
        Row("signing ahead, of raw P-256 signing, one core", presigning, "×", signing, "presign"),
        Row(f"publishing a first set of {certificates:,}", publishing, "s", "signing not counted"),
        Row("revocation to answer, longest of 10", lag, "s", "signed, published, seen", "revocation_lag"),
    ]


def _status(authority: Authority, store: KeyStore, serial: int, now: datetime, *, revoked: bool) -> Answer:
    condition = Condition.REVOKED if revoked else Condition.GOOD
    status = CertificateStatus(f"{serial:x}", condition, now if revoked else None)
    end = now + timedelta(hours=48)
    signed = presign(authority, status, store, this_update=now, next_update=end)
    return Answer(authority.id, serial, int(revoked), now, end, signed.sha1, signed.sha256)


def _presigning(authority: Authority, store: KeyStore, now: datetime, count: int = 3000) -> float:
    """Answers a second, of what the key alone can sign."""
    key = ec.generate_private_key(ec.SECP256R1())
    data = bytes(300)

    def raw() -> float:
        started = time.perf_counter()
        for _ in range(2 * count):
            key.sign(data, ec.ECDSA(hashes.SHA256()))
        return 2 * count / (time.perf_counter() - started)

    def answers() -> float:
        started = time.perf_counter()
        for serial in range(_FIRST, _FIRST + count):
            _status(authority, store, serial, now, revoked=False)
        return 2 * count / (time.perf_counter() - started)

    rates = interleaved({"raw": raw, "answers": answers})
    return rates["answers"] / rates["raw"]


def _publish(
    folder: Path, authority: Authority, store: KeyStore, certificates: int, now: datetime
) -> tuple[Publisher, float]:
    key = ec.generate_private_key(ec.SECP256R1())
    public = key.public_key()
    (folder / "publisher.pem").write_bytes(
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )

    def sign(data: bytes) -> bytes:
        return key.sign(data, ec.ECDSA(hashes.SHA256()))

    serials = range(_FIRST, _FIRST + certificates)
    answers = [_status(authority, store, serial, now, revoked=False) for serial in serials]
    publisher = Publisher(folder / "publication", sign, verifier(public))
    certificate = authority.certificate.public_bytes(Encoding.DER)
    started = time.perf_counter()
    publisher.publish(answers, [], {authority.id: certificate}, 1, now)
    return publisher, time.perf_counter() - started


def _write_requests(folder: Path, authority: Authority, certificates: int, publisher: Publisher) -> str:
    """Write the request of one certificate and its answer as nginx's file; return the path of a GET."""
    serial = _FIRST + certificates // 3
    request = _request(authority, serial)
    (folder / "request.der").write_bytes(request)
    snapshot = publisher.current()
    found = snapshot and snapshot.find(authority.id, serial)
    assert found
    (folder / "static").mkdir()
    (folder / "static" / "answer").write_bytes(found[0].sha1(found[1]))
    return quote(base64.b64encode(request).decode(), safe="")


def _request(authority: Authority, serial: int) -> bytes:
    name, key = issuer_hashes(authority, CertIdHash.SHA1)
    builder = ocsp.OCSPRequestBuilder()
    built = builder.add_certificate_by_hash(name, key, serial, hashes.SHA1()).build()  # noqa: S303  as openssl asks
    return built.public_bytes(Encoding.DER)


def _lag(publisher: Publisher, authority: Authority, store: KeyStore, url: str, serial: int) -> float:
    """Seconds from the wish to revoke until the responder says so."""
    request = _request(authority, serial)
    with httpx.Client() as client:
        before = client.post(url, content=request).content
        started = time.perf_counter()
        now = datetime.now(UTC).replace(microsecond=0)
        publisher.overtake([_status(authority, store, serial, now, revoked=True)], [], now)
        while client.post(url, content=request).content == before:
            time.sleep(0.005)
        return time.perf_counter() - started


def _ab(
    folder: Path,
    url: str,
    options: Sequence[str],
    requests: int = _REQUESTS,
    late: list[float] | None = None,
) -> float:
    """Requests a second by ApacheBench; every answer must be a full success. ``late`` takes the p99 (ms)."""
    connections = _CONNECTIONS if "-k" in options else 8
    command = ["taskset", "-c", "1", "ab", "-q", "-r", "-l", "-n", str(requests), "-c", str(connections)]
    done = subprocess.run(
        [*command, *options, url], cwd=folder, capture_output=True, text=True, check=True, timeout=60
    )
    figures = dict(re.findall(r"^ *([A-Za-z0-9%\- ]+?):?\s+([\d.]+)", done.stdout, re.M))
    if float(figures["Failed requests"]) or "Non-2xx" in done.stdout:
        raise RuntimeError(done.stdout)
    if late is not None:
        late.append(float(figures["99%"]))
    return float(figures["Requests per second"])


@contextmanager
def _server(command: Sequence[str], folder: Path, url: str) -> Iterator[None]:
    """Run a server on core 0 until the block ends."""
    process = subprocess.Popen(
        ["taskset", "-c", "0", *command],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        request = (folder / "request.der").read_bytes()  # `openssl ocsp` hangs on a connection without one
        for _ in range(400):
            with suppress(httpx.TransportError):
                httpx.post(f"{url}/", content=request, timeout=10)
                break
            time.sleep(0.05)
        else:
            raise RuntimeError(f"{command[0]} did not start")
        yield
    finally:
        process.terminate()
        process.wait(20)


def _responder(folder: Path, url: str) -> AbstractContextManager[None]:
    command = [sys.executable, "-m", "varmentaja.responder.serve", "--folder", "publication"]
    command += ["--key", "publisher.pem", "--port", url.rpartition(":")[2]]
    return _server(command, folder, url)


def _nginx(folder: Path, url: str) -> AbstractContextManager[None]:
    user = "" if os.getuid() else "user root; "  # else its worker could not read the folder
    (folder / "nginx.conf").write_text(user + _NGINX.format(port=url.rpartition(":")[2], folder=folder))
    return _server(["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf")], folder, url)


def _prepare_openssl(folder: Path, certificates: int) -> None:
    """``openssl ocsp`` with an authority of its own: it signs ``unknown`` for our requests."""
    with (folder / "index.txt").open("w") as index:
        for serial in range(_FIRST, _FIRST + certificates):
            index.write(f"V\t351231235959Z\t\t{serial:032X}\tunknown\t/CN={serial}\n")
    (folder / "index.txt.attr").write_text("unique_subject = no\n")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    command += ["-subj", "/CN=Benchmark", "-days", "2", "-keyout", "peer.key", "-out", "peer.pem"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)


def _ask_openssl(folder: Path, url: str) -> float:
    """A round of ``openssl ocsp``, each with a fresh server: after a run its children may wait for ever."""
    command = ["taskset", "-c", "0", "openssl", "ocsp", "-port", url.rpartition(":")[2]]
    command += ["-index", "index.txt", "-CA", "peer.pem", "-rsigner", "peer.pem", "-rkey", "peer.key"]
    command += ["-multi", "2", "-ndays", "1"]
    process = subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        assert process.stdout
        while b"ACCEPT" not in (line := process.stdout.readline()):
            if not line:
                raise RuntimeError("openssl ocsp did not start")
        return _ab(folder, f"{url}/", _POST, _NEW_CONNECTIONS)
    finally:
        os.killpg(process.pid, signal.SIGKILL)  # with -multi it leads a group of its own
        process.wait(5)


def main() -> None:
    """Measure and report; exit code 1 if a firm limit is missed."""
    certificates = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    title = f"Status answers at {certificates:,} certificates"
    sys.exit(0 if report(title, f"python -m bench.ocsp {certificates}", measure(certificates)) else 1)


if __name__ == "__main__":
    main()
