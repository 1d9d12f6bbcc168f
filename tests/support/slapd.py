# SPDX-License-Identifier: EUPL-1.2
"""A real OpenLDAP server of one's own: a free port of this machine, a configuration and data in a folder."""

from __future__ import annotations

import base64
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.support.responder import free_port

SLAPD = "/usr/sbin/slapd"
BASE = "dmdName=VARMENTAJA,c=FI"
USER, PASSWORD = "cn=writer,c=FI", "salasana"

CONFIGURATION = """\
include /etc/ldap/schema/core.schema
modulepath /usr/lib/ldap
moduleload back_mdb
sizelimit unlimited
sockbuf_max_incoming_auth 268435456
access to * by * read
database mdb
suffix "c=FI"
rootdn "{user}"
rootpw {password}
directory {data}
maxsize 4294967296
index objectClass,serialNumber eq
"""


@dataclass
class Slapd:
    """The server and its folder."""

    folder: Path
    port: int
    scheme: str = "ldap"
    tls: str = ""
    """Lines of its configuration."""
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Address."""
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start, and wait until it accepts connections."""
        (self.folder / "data").mkdir(parents=True, exist_ok=True)
        configuration = CONFIGURATION.format(user=USER, password=PASSWORD, data=self.folder / "data")
        (self.folder / "slapd.conf").write_text(self.tls + configuration)
        command = [SLAPD, "-d", "0", "-f", str(self.folder / "slapd.conf"), "-h", self.url]
        log = (self.folder / "slapd.log").open("ab")
        self.process = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            assert self.process.poll() is None, (self.folder / "slapd.log").read_text()
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.05)
        raise AssertionError((self.folder / "slapd.log").read_text())

    def stop(self) -> None:
        """Stop; its data stay."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)
            self.process = None

    def empty(self) -> None:
        """Start anew with nothing in it."""
        self.stop()
        shutil.rmtree(self.folder / "data")
        self.start()

    def search(
        self, base: str, scope: str, condition: str, *attributes: str
    ) -> dict[str, dict[str, list[bytes]]]:
        """What a stranger's ldapsearch finds: entries by name, values as they are."""
        folder = self.folder / f"found-{time.monotonic_ns()}"
        folder.mkdir()
        command = ["ldapsearch", "-x", "-LLL", "-o", "ldif-wrap=no", "-H", self.url, "-b", base, "-s", scope]
        done = subprocess.run(
            [*command, "-t", "-T", str(folder), condition, *attributes], capture_output=True, timeout=30
        )
        assert done.returncode in (0, 32), done.stderr  # 32: noSuchObject
        return dict(_entries(done.stdout.decode()))


def _entries(ldif: str) -> Iterator[tuple[str, dict[str, list[bytes]]]]:
    for block in filter(None, (each.strip() for each in ldif.split("\n\n"))):
        name, found = "", dict[str, list[bytes]]()
        for line in block.splitlines():
            key, _, text = line.partition(":")
            if text.startswith("< file://"):
                value = Path(text.removeprefix("< file://")).read_bytes()
            elif text.startswith(": "):
                value = base64.b64decode(text[2:])
            else:
                value = text.strip().encode()
            if key == "dn":
                name = value.decode()
            else:
                found.setdefault(key, []).append(value)
        yield name, found


@pytest.fixture
def slapd(tmp_path: Path) -> Iterator[Slapd]:
    """A running server with nothing in it."""
    server = Slapd(tmp_path / "ldap", free_port())
    server.folder.mkdir()
    server.start()
    yield server
    server.stop()


def tls_certificate(folder: Path) -> Path:
    """A self-signed certificate for localhost with its key (``server.pem``, ``server.key``)."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.now(UTC)
    alternative = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    certificate = (
        x509.CertificateBuilder(
            name, name, key.public_key(), 1, now - timedelta(days=1), now + timedelta(days=1)
        )
        .add_extension(alternative, critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "server.pem").write_bytes(certificate.public_bytes(Encoding.PEM))
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "server.key").write_bytes(secret)
    return folder / "server.pem"
