# SPDX-License-Identifier: EUPL-1.2
"""Questions to a status service, right, wrong and senseless ones, and who knows what may be answered.

The judge shares no code with the responders: it reads requests with asn1crypto and hashes names and keys
by itself.
"""

from __future__ import annotations

import base64
import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from urllib.parse import quote

from asn1crypto import core
from asn1crypto.ocsp import OCSPRequest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp

from varmentaja.pki import der

NONCE = "1.3.6.1.5.5.7.48.1.2"
HASHES = {"sha1": "1.3.14.3.2.26", "sha256": "2.16.840.1.101.3.4.2.1", "sha384": "2.16.840.1.101.3.4.2.2"}


@dataclass(frozen=True)
class Question:
    """What goes over the wire, and the octets that it means."""

    method: str
    path: str
    """Percent-encoded."""
    body: bytes
    authority: str
    """Of the address."""
    request: bytes | None
    """The OCSP request; None where the address holds none."""


@dataclass
class World:
    """Authorities, and every certificate whose status was published."""

    authorities: dict[str, x509.Certificate]
    statuses: dict[tuple[str, int], str]
    """``good`` or ``revoked``, by authority and serial."""
    chance: Random

    def question(self) -> Question:
        """Any."""
        name = self.chance.choice(list(self.authorities))
        makers: list[tuple[int, Callable[[str], bytes]]] = [
            (4, self.request),
            (5, lambda name: self.damaged(self.request(name))),
            (2, lambda _: self.element(4)),
            (1, lambda _: self.chance.randbytes(self.chance.randrange(300))),
        ]
        make = self.chance.choices([maker for _, maker in makers], [weight for weight, _ in makers])[0]
        return self.over_http(name, make(name))

    def over_http(self, name: str, request: bytes) -> Question:
        """By GET or POST, or in some way that is neither."""
        at = name if self.chance.random() < 0.95 else self.chance.choice([*self.authorities, "nobody", ""])
        how = self.chance.random()
        if how < 0.5:
            return Question("POST", f"/ocsp/{at}", request, at, request)
        if how < 0.9:
            encoded = base64.b64encode(request).decode()
            path = f"/ocsp/{at}/{quote(encoded, safe=self.chance.choice(['', '/+=', '/']))}"
            return Question(self.chance.choice(["GET", "GET", "GET", "HEAD"]), path, b"", at, request)
        spoilt = self.damaged(base64.urlsafe_b64encode(request))
        method = self.chance.choice(["GET", "POST", "PUT", "OPTIONS", "X"])
        return Question(method, f"/ocsp/{at}/{quote(spoilt, safe='')}", b"", at, _meant(spoilt))

    def request(self, name: str) -> bytes:
        """A well-formed request: mostly about a certificate of this authority."""
        chance = self.chance
        many = chance.choices([1, 2, 5, 33], [90, 6, 3, 1])[0]
        by = chance.choices(list(HASHES), [45, 45, 10])[0]
        body = der.sequence(*(self._single(name, by) for _ in range(many)))
        if chance.random() < 0.3:
            size = chance.choice([0, 1, 16, 32, 128, 129])
            nonce = der.octet_string(der.octet_string(chance.randbytes(size)))
            extension = der.sequence(der.oid(NONCE), nonce)
            body += der.explicit(2, der.sequence(*[extension] * chance.choices([1, 2], [9, 1])[0]))
        return der.sequence(der.sequence(body))

    def _single(self, name: str, by: str) -> bytes:
        names = [name, name]  # whose name, and whose key
        if self.chance.random() < 0.1:
            names[self.chance.randrange(2)] = self.chance.choice(list(self.authorities))
        hashed = [_hashed(self.authorities[each], by)[place] for place, each in enumerate(names)]
        algorithm = der.sequence(der.oid(HASHES[by]), der.NULL)
        octets = (der.octet_string(each) for each in hashed)
        return der.sequence(der.sequence(algorithm, *octets, der.integer(self._serial(name))))

    def _serial(self, name: str) -> int:
        chance = self.chance
        known = [serial for authority, serial in self.statuses if authority == name]
        serial = chance.choice(known or [4711])
        strange = (
            serial + 1,
            serial - 1,
            -serial,
            serial << 8,
            serial | 1 << 159,
            chance.getrandbits(159),
            0,
        )
        return serial if chance.random() < 0.7 else chance.choice(strange)

    def damaged(self, content: bytes) -> bytes:
        """With some octets changed, lost, added or moved."""
        chance, data = self.chance, bytearray(content)
        for _ in range(chance.randint(1, 4)):
            at = chance.randrange(len(data) + 1)
            match chance.randrange(5):
                case 0 if at < len(data):
                    data[at] ^= 1 << chance.randrange(8)
                case 1 if at < len(data):
                    data[at] = chance.choice([0, 1, 2, 4, 5, 6, 0x30, 0x80, 0xA0, 0xA2, 0xFF])
                case 2:
                    del data[at : at + chance.randint(1, 8)]
                case 3:
                    data[at:at] = chance.randbytes(chance.randint(1, 8))
                case _:
                    data[at:at] = data[: chance.randrange(len(data) + 1)]
        return bytes(data)

    def element(self, depth: int) -> bytes:
        """DER of anything."""
        chance = self.chance
        if depth and chance.random() < 0.8:
            tag = chance.choice([0x30, 0x30, 0x30, 0x31, 0xA0, 0xA1, 0xA2])
            return der.tlv(tag, *(self.element(depth - 1) for _ in range(chance.randint(0, 3))))
        return der.tlv(chance.choice([1, 2, 3, 4, 5, 6, 0x0A, 0x13]), chance.randbytes(chance.randint(0, 24)))


@dataclass
class Judge:
    """Looks at every answer, and counts what was said."""

    world: World
    signs: bool
    """Whether the responder signs on the spot: then it may join answers and say ``unknown``."""
    said: Counter[str] = field(default_factory=Counter)

    def judge(self, question: Question, status: int, body: bytes) -> None:
        """Fails when something was said that must not be."""
        assert status in (200, 304, 400, 404, 405, 411, 413, 414), (status, question)
        if status != 200 or question.method == "HEAD":
            self.said[f"HTTP {status}"] += 1
            return
        answer = ocsp.load_der_ocsp_response(body)
        if answer.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            assert answer.response_status is not ocsp.OCSPResponseStatus.INTERNAL_ERROR, question
            self.said[answer.response_status.name.lower()] += 1
            return
        assert question.request is not None and question.method in ("GET", "POST"), question
        asked = OCSPRequest.load(question.request, strict=True)["tbs_request"]
        singles = list(answer.responses)
        assert len(singles) == len(asked["request_list"]), question
        for single, request in zip(singles, asked["request_list"], strict=True):
            self._one(question, single, request["req_cert"])
        nonce = _nonce(asked) if self.signs else None  # the static responder passes it over, whatever it is
        assert _nonce_of(answer) == nonce, question

    def _one(self, question: Question, single: ocsp.OCSPSingleResponse, cert_id: core.Sequence) -> None:
        by = cert_id["hash_algorithm"]["algorithm"].native
        hashed = cert_id["issuer_name_hash"].native, cert_id["issuer_key_hash"].native
        serial = cert_id["serial_number"].native
        assert by in ("sha1", "sha256"), question
        assert hashed == _hashed(self.world.authorities[question.authority], by), question
        assert (single.serial_number, single.hash_algorithm.name) == (serial, by), question
        assert (single.issuer_name_hash, single.issuer_key_hash) == hashed, question
        said = single.certificate_status.name.lower()
        known = self.world.statuses.get((question.authority, serial))
        assert said == known or (known is None and said == "unknown" and self.signs), (said, known, question)
        self.said[said] += 1


def _meant(encoded: bytes) -> bytes | None:
    try:
        return base64.b64decode(encoded, validate=True)
    except ValueError:
        return None


_known: dict[tuple[x509.Certificate, str], tuple[bytes, bytes]] = {}


def _hashed(certificate: x509.Certificate, by: str) -> tuple[bytes, bytes]:
    """issuerNameHash and issuerKeyHash (RFC 6960 §4.1.1)."""
    if (certificate, by) not in _known:
        whole = core.load(
            certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        )
        key = bytes(whole[1].contents[1:])  # of the BIT STRING, without the count of unused bits
        name = certificate.subject.public_bytes(Encoding.DER)
        _known[certificate, by] = hashlib.new(by, name).digest(), hashlib.new(by, key).digest()
    return _known[certificate, by]


def _nonce(asked: core.Sequence) -> bytes | None:
    for extension in asked["request_extensions"]:
        if extension["extn_id"].dotted == NONCE:
            return bytes(extension["extn_value"].native)
    return None


def _nonce_of(answer: ocsp.OCSPResponse) -> bytes | None:
    for extension in answer.extensions:
        if isinstance(extension.value, x509.OCSPNonce):
            return extension.value.nonce
    return None
