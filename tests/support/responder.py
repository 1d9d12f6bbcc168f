# SPDX-License-Identifier: EUPL-1.2
"""Starts a real responder process, and asks it."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from tests.support.status import Publication


@dataclass
class RunningResponder:
    """A responder process and where it listens."""

    process: subprocess.Popen[bytes]
    port: int
    log: Path

    @property
    def url(self) -> str:
        """Base address."""
        return f"http://127.0.0.1:{self.port}"

    def wait_until_ready(self) -> None:
        """Wait for the port to answer."""
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            assert self.process.poll() is None, self.log.read_text()
            try:
                httpx.get(f"{self.url}/health", timeout=5)
            except httpx.TransportError:
                time.sleep(0.05)
            else:
                return
        raise AssertionError(self.log.read_text())


def free_port() -> int:
    """A port that the system says is free."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(
    publication: Publication,
    workers: int = 1,
    port: int = 0,
    under: Sequence[str] = (),
    *,
    ready: bool = True,
) -> Iterator[RunningResponder]:
    """Run a responder over a publication folder; ``under`` a command that starts another, such as prlimit.
    With ``ready``, it answers already."""
    folder = publication.folder
    folder.mkdir(parents=True, exist_ok=True)
    key = folder.parent / "publisher.pem"
    key.write_bytes(publication.public_key)
    port = port or free_port()
    command = [*under, sys.executable, "-m", "varmentaja.responder.serve", "--folder", str(folder)]
    command += ["--key", str(key), "--port", str(port), "--workers", str(workers)]
    log = folder.parent / "responder.log"
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
        responder = RunningResponder(process, port, log)
        try:
            if ready:
                responder.wait_until_ready()
            yield responder
        finally:
            process.terminate()
            process.wait(20)


def request_for(
    issuer: x509.Certificate, serial: int, algorithm: hashes.HashAlgorithm | None = None
) -> bytes:
    """DER of an OCSP request; SHA-1 by default, as openssl asks."""
    named = ocsp.OCSPRequestBuilder().add_certificate(issuer, issuer, algorithm or hashes.SHA1()).build()
    digest = hashes.Hash(named.hash_algorithm)
    digest.update(issuer.subject.public_bytes())
    builder = ocsp.OCSPRequestBuilder().add_certificate_by_hash(
        digest.finalize(), named.issuer_key_hash, serial, named.hash_algorithm
    )
    return builder.build().public_bytes(Encoding.DER)
