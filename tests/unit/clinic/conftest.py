# SPDX-License-Identifier: EUPL-1.2
"""A clinic over the demo hierarchy, a card whose keys are in memory, a responder that does as told."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.serialization import Encoding
from tests.support.answers import sign_answers
from tests.support.pki import LINES, Demo

from varmentaja.clinic.http import as_wsgi
from varmentaja.clinic.pages import Pages
from varmentaja.clinic.prescription import Prescription
from varmentaja.clinic.records import Records
from varmentaja.pki.algorithms import PrivateKey
from varmentaja.pki.names import Subject
from varmentaja.pki.ocsp import CertIdHash, CertificateStatus, Condition
from varmentaja.pki.reader import describe
from varmentaja.pki.serials import serial_text
from varmentaja.relying_party import RelyingParty
from varmentaja.relying_party.identity import identity_of

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

ORIGIN = "http://localhost:8006"
DOCTOR = Subject(
    serial_number="00999000101",
    given_names="Elina Sofia",
    first_name="Elina",
    surname="Mäntykangas",
    title="Laillistettu lääkäri",
    physician_code="099101",
)
NURSE = Subject(
    serial_number="00999000103",
    given_names="Nina",
    first_name="Nina",
    surname="Näyte",
    title="Laillistettu sairaanhoitaja",
)
FORM = {
    "patient": "Oili Öinen",
    "identity_code": "010181-900c",
    "medicine": "Esimerkiini",
    "strength": "400 mg",
    "amount": "30 tablettia",
    "dosage": "1 tabletti  3 kertaa päivässä",
    "purpose": "särky <kova> & yskä",
}
_HASHES = {"SHA256": hashes.SHA256(), "SHA384": hashes.SHA384()}


@dataclass
class Responder:
    """The status service of the hierarchy."""

    demo: Demo
    line: str
    revoked_at: datetime | None = None
    down: bool = False

    def __call__(self, url: str, request: bytes) -> bytes:
        if self.down:
            raise ConnectionError("down")
        serial = serial_text(x509.ocsp.load_der_ocsp_request(request).serial_number)
        condition = Condition.REVOKED if self.revoked_at else Condition.GOOD
        now = datetime.now(UTC).replace(microsecond=0)
        return sign_answers(
            self.demo.hierarchy.authority_for("professionals", self.line),
            [CertificateStatus(serial, condition, self.revoked_at)],
            self.demo.store,
            name=CertIdHash.SHA256,
            this_update=now,
            next_update=now.replace(year=now.year + 1),
        )


@dataclass
class Card:
    """Both certificates of a person, over one key: what differs for the clinic is the certificate."""

    key: PrivateKey
    demo: Demo
    line: str
    subject: Subject = DOCTOR
    certificates: dict[str, x509.Certificate] = field(default_factory=dict)

    def certificate(self, usage: str) -> x509.Certificate:
        profile = {"digitalSignature": "professional-auth", "nonRepudiation": "professional-sign"}[usage]
        if usage not in self.certificates:
            self.certificates[usage] = self.demo.issue(profile, self.line, self.key, self.subject)
        return self.certificates[usage]

    def sign(self, content: bytes, hash_name: str) -> bytes:
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            return self.key.sign(content, ec.ECDSA(_HASHES[hash_name]))
        return self.key.sign(content, padding.PKCS1v15(), _HASHES[hash_name])

    def answer(self, asked: Mapping[str, str]) -> str:
        """What SCS would bring back for the page's form."""
        scheme = "ECDSA" if isinstance(self.key, ec.EllipticCurvePrivateKey) else "RSA"
        signature = self.sign(base64.b64decode(asked["content"]), asked["hash"])
        der = self.certificate(asked["usage"]).public_bytes(Encoding.DER)
        answer = {
            "status": "ok",
            "signatureType": "signature",
            "signatureAlgorithm": f"{asked['hash']}with{scheme}",
            "signature": base64.b64encode(signature).decode(),
            "chain": [base64.b64encode(der).decode()],
        }
        return json.dumps(answer)


@dataclass
class Answer:
    """One answer of the site."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return unescape(self.body.decode())

    @property
    def asked(self) -> dict[str, str]:
        """What the page's form asks of the card."""
        return dict(re.findall(r'data-scs-(\w+)="([^"]+)"', self.text))

    def hidden(self, name: str) -> str:
        found = re.search(rf'name="{name}" value="([^"]*)"', self.text)
        assert found, self.text
        return found[1]


@dataclass
class Visitor:
    """A browser: one cookie, and the Origin header that browsers send."""

    site: WSGIApplication
    cookie: str = ""

    def get(self, path: str, **headers: str) -> Answer:
        return self._ask("GET", path, b"", headers)

    def post(self, path: str, form: Mapping[str, str], **headers: str) -> Answer:
        body = urlencode(form).encode()
        return self._ask(
            "POST",
            path,
            body,
            {"HTTP_ORIGIN": ORIGIN, "CONTENT_TYPE": "application/x-www-form-urlencoded", **headers},
        )

    def upload(self, path: str, document: bytes, name: str = "document") -> Answer:
        head = f'--x\r\nContent-Disposition: form-data; name="{name}"; filename="a"\r\n\r\n'.encode()
        kind = "multipart/form-data; boundary=x"
        return self._ask(
            "POST", path, head + document + b"\r\n--x--\r\n", {"HTTP_ORIGIN": ORIGIN, "CONTENT_TYPE": kind}
        )

    def sign_in(self, card: Card) -> Answer:
        page = self.get("/en/")
        form = {"content": page.asked["content"], "answer": card.answer(page.asked)}
        return self.post("/en/sign-in", form)

    def _ask(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        environ: dict[str, Any] = {
            "REQUEST_METHOD": method,
            "PATH_INFO": path,
            "HTTP_HOST": "localhost:8006",
            "HTTP_COOKIE": f"varmentaja_clinic={self.cookie}",
            "CONTENT_LENGTH": str(len(body)),
            "wsgi.input": BytesIO(body),
            **headers,
        }
        begun: list[Any] = []
        parts = self.site(environ, lambda *values: begun.extend(values))  # type: ignore[arg-type]  # the write() callable of old WSGI is not used
        told = dict(begun[1])
        found = re.match(r"varmentaja_clinic=([^;]+)", told.get("Set-Cookie", ""))
        self.cookie = found[1] if found else self.cookie
        return Answer(int(begun[0].split()[0]), told, b"".join(parts))


@dataclass
class Clinic:
    """Everything together."""

    demo: Demo
    line: str
    responder: Responder
    party: RelyingParty
    records: Records
    card: Card
    site: WSGIApplication
    now: datetime
    """When the test began."""

    def visitor(self) -> Visitor:
        return Visitor(self.site)

    def prescription(self) -> Prescription:
        certificate = self.card.certificate("nonRepudiation")
        who = identity_of(describe(certificate), "professional-sign")
        values = {**FORM, "identity_code": "010181-900C"}
        return Prescription("5205c005-6ca2-46ca-8a48-5bf28b9bc5ee", date(2026, 11, 24), who, **values)


@pytest.fixture(params=LINES)
def clinic(
    request: pytest.FixtureRequest, demo: Demo, card_keys: dict[str, PrivateKey], tmp_path: Path
) -> Iterator[Clinic]:
    line: str = request.param
    responder = Responder(demo, line)
    party = RelyingParty(demo.hierarchy, responder, ORIGIN, b"k" * 32, demo.lists())
    records = Records(tmp_path / "clinic")
    links = {"reader_url": "http://127.0.0.1:8002", "portal_url": "http://localhost:8000"}
    pages = Pages(party, records, ("http://127.0.0.1:53951",), links)
    site = as_wsgi(pages.handle, ORIGIN, (("X-Frame-Options", "DENY"),))
    now = datetime.now(UTC)
    yield Clinic(demo, line, responder, party, records, Card(card_keys[line], demo, line), site, now)
