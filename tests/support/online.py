# SPDX-License-Identifier: EUPL-1.2
"""A publication by the demo's authorities, and the online responder over it."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp
from tests.support.pki import Demo
from tests.support.responder import RunningResponder, free_port

from varmentaja.domain.revocation import RevocationReason
from varmentaja.pki import der
from varmentaja.pki.ocsp import NONCE_OID, CertIdHash, issuer_hashes
from varmentaja.pki.publication import PublicationReader, Publisher
from varmentaja.ports.custody import SerialStatus
from varmentaja.responder.online import OnlineResponder
from varmentaja.responder.signers import Delegations
from varmentaja.responder.watch import Watch
from varmentaja.signer.delegation import delegate
from varmentaja.signer.in_process import InProcessCustody
from varmentaja.signer.keys import PUBLICATION_KEY, make_service_keys

HOURS_48 = timedelta(hours=48)
PASSPHRASE = b"online passphrase"
GOOD, REVOKED, NEVER = 0x4001, 0x4002, 0x4FFF
AUTHORITY = "professionals-ecc"


@dataclass
class OnlineState:
    """A state folder as ``varmentaja responder-online`` finds it."""

    demo: Demo
    folder: Path
    now: datetime

    def __post_init__(self) -> None:
        make_service_keys(self.demo.store)
        self.custody = InProcessCustody(self.demo.hierarchy, self.demo.store, os.urandom)
        public = self.demo.store.public_key(PUBLICATION_KEY)
        pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        for name in ("run", "keys"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "run" / "publisher.pem").write_bytes(pem)
        (self.folder / "keys" / "online.passphrase").write_bytes(PASSPHRASE + b"\n")
        self.publisher = Publisher(self.folder / "publication", self.custody.seal, self.custody.verify_seal)

    def publish(self, good: Iterable[tuple[str, int]] = (), *, number: int = 1) -> None:
        """GOOD and REVOKED by both lines, and more that are good; their statuses are of ``now``."""
        statuses = [SerialStatus(name, f"{serial:x}", 0) for name, serial in good]
        for line in ("ecc", "rsa"):
            statuses.append(SerialStatus(f"professionals-{line}", f"{GOOD:x}", 0))
            statuses.append(
                SerialStatus(
                    f"professionals-{line}", f"{REVOKED:x}", 1, self.now, RevocationReason.KEY_COMPROMISE
                )
            )
        statuses.sort(key=lambda each: each.authority)
        dates = {"this_update": self.now, "next_update": self.now + HOURS_48}
        answers = list(self.custody.answers(statuses, **dates))
        crl = self.custody.crl(AUTHORITY, 0, [], number=number, **dates)
        self.publisher.publish(answers, [crl], self.custody.certificates(), number, self.now)

    def delegate(self, *, now: datetime | None = None) -> None:
        """Give the online responder its keys."""
        delegate(
            self.demo.hierarchy,
            self.demo.store,
            self.folder / "delegations",
            PASSPHRASE,
            now=now or self.now,
            random=os.urandom,
        )

    def responder(self, *, now: datetime | None = None) -> OnlineResponder:
        """In this process, by a clock that stands still."""
        watch = Watch(PublicationReader(self.folder / "publication", self.custody.verify_seal))
        watch.look()
        clock = (now or self.now).timestamp
        delegations = Delegations(self.folder / "delegations", self.demo.hierarchy, PASSPHRASE, clock)
        return OnlineResponder(watch, delegations, clock)

    def request(
        self,
        *serials: int,
        nonce: bytes | None = None,
        authority: str = AUTHORITY,
        hash_name: CertIdHash = CertIdHash.SHA256,
    ) -> bytes:
        """DER of a request about some serials."""
        name, key = issuer_hashes(self.demo.hierarchy.authority(authority), hash_name)
        single = [self._single(name, key, serial, hash_name) for serial in serials]
        body = der.sequence(*single)
        if nonce is not None:
            extension = der.sequence(der.oid(NONCE_OID), der.octet_string(der.octet_string(nonce)))
            body += der.explicit(2, der.sequence(extension))
        return der.sequence(der.sequence(body))

    def _single(self, name: bytes, key: bytes, serial: int, hash_name: CertIdHash) -> bytes:
        algorithm: HashAlgorithm = SHA256() if hash_name is CertIdHash.SHA256 else SHA1()
        built = ocsp.OCSPRequestBuilder().add_certificate_by_hash(name, key, serial, algorithm).build()
        whole = built.public_bytes(Encoding.DER)
        # SEQUENCE { tbs SEQUENCE { requestList SEQUENCE { Request …
        return whole[_content(whole, _content(whole, _content(whole, 0))) :]


def _content(data: bytes, at: int) -> int:
    """Where the content of the element at ``at`` begins."""
    return at + 2 + (data[at + 1] & 0x7F if data[at + 1] & 0x80 else 0)


@contextmanager
def running(state: OnlineState) -> Iterator[RunningResponder]:
    """``varmentaja responder-online`` as a process of its own."""
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("VARMENTAJA_")}
    environment |= {"VARMENTAJA_STATE": str(state.folder), "VARMENTAJA_ISSUERS": str(state.demo.folder)}
    command = [sys.executable, "-m", "varmentaja", "responder-online", "--port", str(port - 7)]
    log = state.folder / "online.log"
    with log.open("ab") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output, env=environment)
        responder = RunningResponder(process, port, log)
        try:
            responder.wait_until_ready()
            yield responder
        finally:
            process.terminate()
            process.wait(20)


def post(responder: OnlineResponder, request: bytes, authority: str = AUTHORITY) -> tuple[str, bytes]:
    """Status line and body of a POST."""
    told: list[str] = []

    def start(status: str, headers: Any, exc_info: Any = None) -> Any:
        told.append(status)

    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": f"/ocsp/{authority}",
        "CONTENT_LENGTH": str(len(request)),
        "wsgi.input": io.BytesIO(request),
    }
    body = b"".join(responder(environ, start))
    return told[0], body


def pem(certificate: x509.Certificate) -> bytes:
    """For programs that want text."""
    return certificate.public_bytes(Encoding.PEM)
