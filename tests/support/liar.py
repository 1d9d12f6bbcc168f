# SPDX-License-Identifier: EUPL-1.2
"""A small status service that tells what a test wants it to tell, signed by the real keys."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from tests.support.answers import sign_answers
from tests.support.pki import Demo

from varmentaja.observer.plan import Authority, Lists, Plan, Watched
from varmentaja.pki.crl import Reason, encode_entry, sign_crl
from varmentaja.pki.ocsp import CertIdHash, CertificateStatus, Condition, SignedAnswers
from varmentaja.pki.presigning import Presigner
from varmentaja.pki.serials import serial_text

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

DAY = timedelta(days=1)
ISSUING, ROOT = "professionals-ecc", "root-ecc"
LDAP_NAME = "cn=Varmentaja TEST CA for Care Professionals ECC,o=Varmentaja TEST,dmdName=VARMENTAJA,c=FI"
LDAP_ROOT = "cn=Varmentaja TEST Root CA ECC,o=Varmentaja TEST,dmdName=VARMENTAJA,c=FI"
TYPES = {
    "ocsp": "application/ocsp-response",
    "online": "application/ocsp-response",
    "crl": "application/pkix-crl",
    "ca": "application/pkix-cert",
}


@dataclass
class Truth:
    """What one document of the service says; every field may be made a lie."""

    this_update: datetime
    next_update: datetime
    revoked: dict[int, datetime] = field(default_factory=dict)
    """Serials and moments of revocation."""
    number: int = 10
    base: int | None = None


class Liar:
    """A WSGI application: one authority under a root, a good canary, a revoked one, and a good one that is
    nobody's canary."""

    def __init__(self, demo: Demo, now: datetime) -> None:
        self.demo, self.now = demo, now
        keys = [ec.generate_private_key(ec.SECP384R1()) for _ in range(3)]
        self.good, self.revoked, self.other = (demo.issue("professional-auth", "ecc", key) for key in keys)
        old = now - DAY
        truth = Truth(old, now + DAY, {self.revoked.serial_number: old})
        self.ocsp, self.full = replace(truth), replace(truth)
        self.ocsp_sha256: Truth | None = None
        """Told to who asks by SHA-256; None: the same as to the others."""
        self.delta = replace(truth, base=10, revoked={})
        self.root_list = replace(truth, revoked={})
        self.delay = 0.0
        """Seconds before an OCSP answer."""
        self.slow: Callable[[str], float] = lambda path: 0.0
        """Seconds before the answer at a path."""
        self.dead: set[str] = set()
        """Kinds (``ocsp``, ``crl``, ``ca``, of the lists ``delta`` alone) that answer with 503."""
        self.spoilt: set[str] = set()
        """Kinds whose signature has one bit turned."""
        self.nonce: Callable[[bytes], bytes | None] = bytes
        """The nonce that the online responder sends back."""
        self.answers_about: int | None = None
        """Answers every question with the status of this serial."""
        self.puts_off = False
        """Answers every question about a status with ``tryLater``."""
        self.asked: list[str] = []
        self._signed: dict[str, SignedAnswers] = {}
        self._lock = threading.Lock()

    def plan(self, address: str) -> Plan:
        """What a stranger asks of it."""
        hierarchy = self.demo.hierarchy
        issuing, root = (hierarchy.authority(name).certificate_der for name in (ISSUING, ROOT))
        lists = Lists(f"{address}/crl/{ISSUING}/0.crl", f"{address}/crl/{ISSUING}/0-delta.crl", LDAP_NAME)
        watched = (
            Watched(self.good.serial_number, 0, False, self.good.public_bytes(Encoding.DER)),
            Watched(self.revoked.serial_number, 0, True, self.revoked.public_bytes(Encoding.DER)),
            Watched(self.other.serial_number, 0, None, None),
        )
        ocsp_url = f"{address}/ocsp/{ISSUING}"
        return Plan(
            self.now,
            (root,),
            (
                Authority(
                    ROOT,
                    root,
                    ROOT,
                    f"{address}/ca/{ROOT}.crt",
                    None,
                    (Lists(f"{address}/crl/{ROOT}/0.crl", None, LDAP_ROOT),),
                    LDAP_ROOT,
                    (),
                ),
                Authority(
                    ISSUING,
                    issuing,
                    ROOT,
                    f"{address}/ca/{ISSUING}.crt",
                    ocsp_url,
                    (lists,),
                    LDAP_NAME,
                    watched,
                ),
            ),
        )

    def lists(self, shard: int = 0) -> tuple[bytes, bytes]:
        """The issuing authority's full list of a shard and its delta."""
        return self._crl(None, ISSUING, [f"{shard}.crl"]), self._crl(None, ISSUING, [f"{shard}-delta.crl"])

    def root_crl(self) -> bytes:
        """The root's list."""
        return self._crl(None, ROOT, ["0.crl"])

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer."""
        kind, name, *rest = environ["PATH_INFO"].removeprefix("/").split("/", 2)
        self.asked.append(f"{environ['REQUEST_METHOD']} {kind}")
        kinds = {kind, "delta"} if environ["PATH_INFO"].endswith("-delta.crl") else {kind}
        if kinds & self.dead:
            start_response("503 Service Unavailable", [])
            return [b""]
        with self._lock:
            body = bytearray(getattr(self, f"_{kind}")(environ, name.removesuffix(".crt"), rest))
        time.sleep(self.slow(environ["PATH_INFO"]) + (self.delay if kind == "ocsp" else 0.0))
        if kinds & self.spoilt:
            body[-1] ^= 1
        start_response("200 OK", [("Content-Type", TYPES[kind]), ("Content-Length", str(len(body)))])
        return [bytes(body)]

    def _ca(self, environ: Any, name: str, rest: list[str]) -> bytes:
        return self.demo.hierarchy.authority(name).certificate_der

    def _crl(self, environ: Any, name: str, rest: list[str]) -> bytes:
        shard, is_delta, _ = rest[0].removesuffix(".crl").partition("-delta")
        if name == ROOT:
            truth = self.root_list
        else:
            truth = self.delta if is_delta else self.full
        entries = [
            encode_entry(serial_text(serial), at, Reason.SUPERSEDED) for serial, at in truth.revoked.items()
        ]
        return sign_crl(
            self.demo.hierarchy.authority(name),
            int(shard),
            entries,
            self.demo.store,
            number=truth.number,
            base_number=truth.base,
            this_update=truth.this_update,
            next_update=truth.next_update,
        )

    def _ocsp(self, environ: Any, name: str, rest: list[str]) -> bytes:
        if environ["REQUEST_METHOD"] == "POST":
            der = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        else:
            der = base64.b64decode(unquote(rest[0]))
        if self.puts_off:
            again = ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER)
            return again.public_bytes(Encoding.DER)
        asked = ocsp.load_der_ocsp_request(der)
        by_sha256 = isinstance(asked.hash_algorithm, hashes.SHA256)
        truth = (self.ocsp_sha256 if by_sha256 else None) or self.ocsp
        status = self._status(self.answers_about or asked.serial_number, truth)
        key = f"{status} {truth}"
        if key not in self._signed:
            presigner = Presigner(
                self.demo.hierarchy.authority(name),
                self.demo.store,
                this_update=truth.this_update,
                next_update=truth.next_update,
            )
            self._signed[key] = presigner.sign(status)
        return self._signed[key].sha256 if by_sha256 else self._signed[key].sha1

    def _online(self, environ: Any, name: str, rest: list[str]) -> bytes:
        asked = ocsp.load_der_ocsp_request(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])))
        nonce = asked.extensions.get_extension_for_class(x509.OCSPNonce).value.nonce
        return sign_answers(
            self.demo.hierarchy.authority(name),
            [self._status(asked.serial_number, self.ocsp)],
            self.demo.store,
            name=CertIdHash(asked.hash_algorithm.name),
            this_update=self.ocsp.this_update,
            next_update=self.ocsp.next_update,
            produced_at=self.now,
            nonce=self.nonce(nonce),
        )

    @staticmethod
    def _status(serial: int, truth: Truth) -> CertificateStatus:
        at = truth.revoked.get(serial)
        condition = Condition.REVOKED if at else Condition.GOOD
        return CertificateStatus(serial_text(serial), condition, at, Reason.SUPERSEDED if at else None)


def serial_of(certificate: x509.Certificate) -> str:
    """As findings name it."""
    return f"{ISSUING}/{certificate.serial_number:x}"
