# SPDX-License-Identifier: EUPL-1.2
"""A relying party over real certificates of the demo hierarchy: each check refuses by its own name."""

from __future__ import annotations

import base64
import os
import subprocess
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from tests.support.answers import sign_answers
from tests.support.pki import LINES, Demo
from tests.support.reader_fakes import TinyHierarchy

from varmentaja.card.driver import KeyRole
from varmentaja.pki.algorithms import PrivateKey
from varmentaja.pki.ocsp import CertIdHash, CertificateStatus, Condition, ErrorStatus, error_response
from varmentaja.pki.profile import Purpose
from varmentaja.pki.serials import serial_text
from varmentaja.relying_party import Outcome, Refused, RelyingParty, ocsp_over, read_answer
from varmentaja.relying_party.status import ask_status

ORIGIN = "https://portal.example"


@dataclass
class Responder:
    """Answers OCSP requests with the hierarchy's own responder keys, as the test tells it to."""

    demo: Demo
    revoked_at: datetime | None = None
    condition: Condition | None = None
    about: str | None = None
    age: timedelta = timedelta(0)
    line: str = "ecc"
    raw: bytes | None = None
    asked: list[str] = field(default_factory=list)

    def __call__(self, url: str, request: bytes) -> bytes:
        self.asked.append(url)
        if self.raw is not None:
            return self.raw
        serial = self.about or serial_text(x509.ocsp.load_der_ocsp_request(request).serial_number)
        condition = self.condition or (Condition.REVOKED if self.revoked_at else Condition.GOOD)
        this_update = self.demo.now - self.age
        return sign_answers(
            self.demo.hierarchy.authority_for("professionals", self.line),
            [CertificateStatus(serial, condition, self.revoked_at)],
            self.demo.store,
            name=CertIdHash.SHA256,
            this_update=this_update,
            next_update=this_update + timedelta(hours=48),
        )


@dataclass
class Scene:
    """One person with a certificate, one relying party and its responder."""

    demo: Demo
    line: str
    key: PrivateKey
    responder: Responder
    party: RelyingParty

    @property
    def now(self) -> datetime:
        return self.demo.now + timedelta(seconds=10)

    def certificate(self, profile: str = "professional-auth") -> x509.Certificate:
        return self.demo.issue(profile, self.line, self.key)

    def answer(self, content: bytes, certificate: x509.Certificate) -> dict[str, Any]:
        """What SCS would bring back."""
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            signature, scheme = self.key.sign(content, ec.ECDSA(hashes.SHA256())), "ECDSA"
        else:
            signature = self.key.sign(content, padding.PKCS1v15(), hashes.SHA256())
            scheme = "RSA"
        return {
            "status": "ok",
            "signatureType": "signature",
            "signatureAlgorithm": f"SHA256with{scheme}",
            "signature": base64.b64encode(signature).decode(),
            "chain": [base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()],
        }

    def challenge(self) -> bytes:
        return self.party.challenge(now=self.now, random=os.urandom, session="s").content

    def outcome(self, certificate: x509.Certificate, **changes: Any) -> Outcome:
        content = self.challenge()
        with pytest.raises(Refused) as refused:
            self.party.sign_in(
                content,
                read_answer(self.answer(content, certificate) | changes),
                now=self.now,
                session="s",
            )
        assert str(refused.value)
        return refused.value.outcome


@pytest.fixture(params=LINES)
def scene(request: pytest.FixtureRequest, demo: Demo, card_keys: dict[str, PrivateKey]) -> Scene:
    line: str = request.param
    responder = Responder(demo, line=line)
    party = RelyingParty(demo.hierarchy, responder, ORIGIN, b"k" * 32, demo.lists())
    return Scene(demo, line, card_keys[line], responder, party)


def test_a_professional_signs_in_and_is_read(scene: Scene) -> None:
    content = scene.challenge()
    signature = read_answer(scene.answer(content, scene.certificate()))
    person = scene.party.sign_in(content, signature, now=scene.now, session="s")
    assert person.facts.title == "laillistettu lääkäri"
    assert person.facts.serial_number == "00198705840"
    assert person.facts.physician_code == "032680"
    assert person.profile == "professional-auth"
    assert len(person.nonce) == 64
    assert scene.responder.asked == [f"http://127.0.0.1:8001/ocsp/professionals-{scene.line}"]


def test_a_document_is_signed_and_openssl_agrees(scene: Scene, tmp_path: Path) -> None:
    document = b"Resepti: ibuprofeiini 400 mg"
    certificate = scene.certificate("professional-sign")
    signature = read_answer(scene.answer(document, certificate))
    assert scene.party.check_document(document, signature, now=scene.now).profile == "professional-sign"
    public = certificate.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    for name, content in (("key", public), ("document", document), ("signature", signature.value)):
        (tmp_path / name).write_bytes(content)
    openssl = subprocess.run(
        ["openssl", "dgst", "-sha256", "-verify", "key", "-signature", "signature", "document"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert openssl.stdout == b"Verified OK\n"


def test_a_changed_document_is_refused(scene: Scene) -> None:
    signature = read_answer(scene.answer(b"10 mg", scene.certificate("professional-sign")))
    with pytest.raises(Refused) as refused:
        scene.party.check_document(b"100 mg", signature, now=scene.now)
    assert refused.value.outcome is Outcome.BAD_SIGNATURE


def test_the_other_certificate_of_the_card_is_for_another_purpose(scene: Scene) -> None:
    assert scene.outcome(scene.certificate("professional-sign")) is Outcome.WRONG_PURPOSE
    signature = read_answer(scene.answer(b"x", scene.certificate("professional-auth")))
    with pytest.raises(Refused) as refused:
        scene.party.check_document(b"x", signature, now=scene.now)
    assert refused.value.outcome is Outcome.WRONG_PURPOSE


def test_a_revoked_certificate_is_refused(scene: Scene) -> None:
    scene.responder.revoked_at = scene.demo.now
    assert scene.outcome(scene.certificate()) is Outcome.REVOKED


def test_a_signature_made_before_the_revocation_stays_good(scene: Scene) -> None:
    scene.responder.revoked_at = scene.demo.now + timedelta(seconds=5)
    signature = read_answer(scene.answer(b"x", scene.certificate("professional-sign")))
    before = scene.demo.now + timedelta(seconds=2)
    assert scene.party.check_document(b"x", signature, now=scene.now, signed_at=before).status.revoked_at
    with pytest.raises(Refused) as refused:
        scene.party.check_document(b"x", signature, now=scene.now)
    assert refused.value.outcome is Outcome.REVOKED


def test_an_expired_or_coming_certificate_is_refused(scene: Scene) -> None:
    certificate = scene.certificate()
    for now in (scene.now + timedelta(days=1900), scene.demo.now - timedelta(seconds=1)):
        with pytest.raises(Refused) as refused:
            scene.party.check_certificate(certificate, Purpose.AUTHENTICATION, now=now)
        assert refused.value.outcome is Outcome.EXPIRED


def test_an_unknown_issuer_is_refused(scene: Scene) -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    stranger = TinyHierarchy().person(key, KeyRole.AUTHENTICATION)
    stranger_scene = replace(scene, key=key)
    assert stranger_scene.outcome(stranger) is Outcome.UNKNOWN_ISSUER


def test_a_certificate_that_only_names_our_issuer_is_refused(scene: Scene) -> None:
    genuine = scene.certificate()
    key = ec.generate_private_key(ec.SECP384R1())
    builder = x509.CertificateBuilder(
        issuer_name=genuine.issuer,
        subject_name=genuine.subject,
        public_key=key.public_key(),
        serial_number=genuine.serial_number,
        not_valid_before=genuine.not_valid_before_utc,
        not_valid_after=genuine.not_valid_after_utc,
    )
    for extension in genuine.extensions:
        builder = builder.add_extension(extension.value, extension.critical)
    forged = builder.sign(key, hashes.SHA384())
    assert replace(scene, key=key).outcome(forged) is Outcome.UNKNOWN_ISSUER
    assert scene.responder.asked == []


@pytest.mark.parametrize(
    "change",
    [
        {"condition": Condition.UNKNOWN},
        {"about": "0102030405060708090a0b0c"},
        {"age": timedelta(days=3)},
        {"age": timedelta(days=-1)},
        {"raw": error_response(ErrorStatus.UNAUTHORIZED)},
        {"raw": error_response(ErrorStatus.TRY_LATER)},
        {"raw": b""},
        {"raw": b"<html>"},
    ],
)
def test_a_status_that_is_not_known_is_refused(scene: Scene, change: dict[str, Any]) -> None:
    for name, value in change.items():
        setattr(scene.responder, name, value)
    assert scene.outcome(scene.certificate()) is Outcome.STATUS_UNKNOWN


def test_an_answer_signed_by_another_authoritys_responder_is_not_believed(scene: Scene) -> None:
    scene.responder.line = "rsa" if scene.line == "ecc" else "ecc"
    assert scene.outcome(scene.certificate()) is Outcome.STATUS_UNKNOWN


def test_a_tampered_ocsp_answer_is_not_believed(scene: Scene) -> None:
    certificate = scene.certificate()
    issuer = scene.demo.hierarchy.authority_for("professionals", scene.line).certificate
    scene.responder.revoked_at = scene.demo.now
    answer = ask_status(certificate, issuer, scene.responder, now=scene.now).response
    position = answer.index(certificate.serial_number.to_bytes(20, "big").lstrip(b"\0")) + 25
    scene.responder.raw = answer[:position] + bytes([answer[position] ^ 1]) + answer[position + 1 :]
    assert scene.outcome(certificate) is Outcome.STATUS_UNKNOWN


def test_a_responder_that_cannot_be_reached_leaves_the_status_unknown(scene: Scene) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    for transport in (httpx.MockTransport(fail), httpx.MockTransport(lambda _: httpx.Response(500))):
        party = replace(scene.party, ask=ocsp_over(httpx.Client(transport=transport)))
        assert replace(scene, party=party).outcome(scene.certificate()) is Outcome.STATUS_UNKNOWN


def test_another_key_or_algorithm_does_not_verify(scene: Scene) -> None:
    certificate = scene.certificate()
    other = "RSA" if scene.line == "ecc" else "ECDSA"
    for algorithm in (f"SHA256with{other}", "SHA1withRSA", "MD5withECDSA", "none", "SHA384with" + other):
        assert scene.outcome(certificate, signatureAlgorithm=algorithm) is Outcome.BAD_SIGNATURE
    assert scene.outcome(certificate, signature=base64.b64encode(bytes(96)).decode()) is Outcome.BAD_SIGNATURE


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        ({"status": "failed", "reasonCode": 404, "problem": "no_card"}, Outcome.NO_CARD),
        ({"status": "failed", "reasonCode": 401}, Outcome.NOT_GIVEN),
        ({"status": "failed", "reasonCode": 403}, Outcome.WRONG_ORIGIN),
        ({"status": "failed", "reasonCode": 404, "problem": "no_certificate"}, Outcome.WRONG_PURPOSE),
        ({"status": "failed", "reasonCode": 500}, Outcome.BAD_ANSWER),
        ({"status": "failed", "reasonCode": [1], "problem": {}}, Outcome.BAD_ANSWER),
        ({}, Outcome.BAD_ANSWER),
        ([], Outcome.BAD_ANSWER),
        (None, Outcome.BAD_ANSWER),
        ({"status": "ok"}, Outcome.BAD_ANSWER),
        ({"status": "ok", "chain": []}, Outcome.BAD_ANSWER),
        ({"status": "ok", "chain": ["AAAA"], "signature": "AAAA"}, Outcome.BAD_ANSWER),
        ({"status": "ok", "chain": [7], "signature": "AAAA"}, Outcome.BAD_ANSWER),
        ({"status": "ok", "chain": ["A" * 20_000]}, Outcome.BAD_ANSWER),
        ({"status": "ok", "chain": ["AAAA"] * 9}, Outcome.BAD_ANSWER),
        ({"status": "ok", "signatureType": "cms", "chain": ["AAAA"]}, Outcome.BAD_ANSWER),
    ],
)
def test_answers_without_a_signature_are_refused_by_their_reason(answer: object, outcome: Outcome) -> None:
    with pytest.raises(Refused) as refused:
        read_answer(answer)
    assert refused.value.outcome is outcome


def test_a_certificate_whose_key_nobody_knows_is_an_answer_that_cannot_be_read(demo: Demo) -> None:
    der = demo.hierarchy.authority("root-ecc").certificate_der
    key_type = bytes.fromhex("06072a8648ce3d0201")  # OBJECT IDENTIFIER id-ecPublicKey, RFC 5480 §2.1.1
    assert der.count(key_type) == 1
    unknown = der.replace(key_type, key_type[:-1] + b"\x7f")
    answer = {
        "status": "ok",
        "chain": [base64.b64encode(unknown).decode()],
        "signatureAlgorithm": "SHA256withECDSA",
        "signature": "",
    }
    with pytest.raises(Refused) as refusal:
        read_answer(answer)
    assert refusal.value.outcome is Outcome.BAD_ANSWER
