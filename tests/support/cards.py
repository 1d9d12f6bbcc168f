# SPDX-License-Identifier: EUPL-1.2
"""Virtual cards for tests: blanks, orders, throw-away certificates, finished cards."""

from __future__ import annotations

import datetime
import functools
import os
from collections.abc import Callable, Mapping
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key
from cryptography.x509.oid import NameOID

from varmentaja.card import issuer_key
from varmentaja.card.contents import CardOrder
from varmentaja.card.driver import CardCertificates, CardRemoved, HashAlgorithm, KeyAlgorithm, KeyRole
from varmentaja.card.layout import PinPolicy
from varmentaja.card.personalise import CertificationRequest, PersonalisedCard, personalise, run
from varmentaja.card.virtual.card import VirtualCard
from varmentaja.card.virtual.state import CardState, blank
from varmentaja.domain.pins import PinName, pin_rules

MASTER = bytes(range(32))
SERIAL = "00112233445566778899"
CODE = "83920174"
PIN1 = "2580"
PIN2 = "258036"
HOLDER = "Mallikas Anna 1234567890A"

HASHES: dict[HashAlgorithm, hashes.HashAlgorithm] = {
    HashAlgorithm.SHA256: hashes.SHA256(),
    HashAlgorithm.SHA384: hashes.SHA384(),
    HashAlgorithm.SHA512: hashes.SHA512(),
}

GENERATION = "2020"
OLD_GENERATION = "2017"
S4_2 = "2020-s4-2"


def chip_key(serial: str = SERIAL) -> bytes:
    """The issuer's key of one test chip."""
    return issuer_key.diversify(MASTER, serial)


def order(
    algorithm: KeyAlgorithm = KeyAlgorithm.P384, serial: str = SERIAL, generation: str = GENERATION
) -> CardOrder:
    """An order for one test card."""
    rules = pin_rules("professional", generation)
    return CardOrder(
        chip_serial=serial,
        label=f"VARMENTAJA TEST {serial[-9:]}",
        generation=generation,
        algorithm=algorithm,
        challenge=os.urandom(32),
        code=CODE,
        pin1=PinPolicy.of(rules, PinName.PIN1),
        pin2=PinPolicy.of(rules, PinName.PIN2),
    )


class Authority:
    """Root and issuing authority whose certificates are good enough to lie on a card."""

    def __init__(self) -> None:
        self._root_key, self._key = (
            ec.generate_private_key(ec.SECP384R1()),
            ec.generate_private_key(ec.SECP384R1()),
        )
        self.root = _certificate(
            "Test root", self._root_key.public_key(), "Test root", self._root_key, ca=True
        )
        self.issuer = _certificate(
            "Test issuer", self._key.public_key(), "Test root", self._root_key, ca=True
        )

    def certify(self, request: CertificationRequest) -> CardCertificates:
        """Certificates for a card's two keys."""
        made = {}
        for role, proof in request.keys.items():
            key = load_der_public_key(proof.public_key)
            assert isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey)
            made[role] = _certificate(
                HOLDER, key, "Test issuer", self._key, signing=role is KeyRole.SIGNATURE
            )
        return CardCertificates(made[KeyRole.AUTHENTICATION], made[KeyRole.SIGNATURE], self.issuer, self.root)


@functools.cache
def authority() -> Authority:
    """One authority for the whole run."""
    return Authority()


def _certificate(
    subject: str,
    key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey,
    issuer: str,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    ca: bool = False,
    signing: bool = False,
) -> bytes:
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(
        issuer_name=x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, issuer)]),
        subject_name=x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]),
        public_key=key,
        serial_number=x509.random_serial_number(),
        not_valid_before=now - datetime.timedelta(minutes=5),
        not_valid_after=now + datetime.timedelta(days=30),
    )
    usage = x509.KeyUsage(
        digital_signature=not ca and not signing,
        content_commitment=signing,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=ca,
        crl_sign=ca,
        encipher_only=False,
        decipher_only=False,
    )
    builder = builder.add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
    builder = builder.add_extension(usage, critical=True)
    return builder.sign(issuer_key, hashes.SHA384()).public_bytes(Encoding.DER)


def forget(_document: Mapping[str, Any]) -> None:
    """Storage for cards whose file nobody needs."""


def blank_card(
    serial: str = SERIAL,
    save: Callable[[Mapping[str, Any]], None] = forget,
    generation: str = GENERATION,
) -> VirtualCard:
    """A chip as delivered by its maker."""
    return VirtualCard(blank(serial, chip_key(serial), generation), save, os.urandom)


def make(card: VirtualCard, algorithm: KeyAlgorithm = KeyAlgorithm.P384) -> PersonalisedCard:
    """Personalise a blank in process."""
    serial = card.state.chip_serial
    steps = personalise(order(algorithm, serial, card.state.generation), chip_key(serial))
    return run(steps, card.transmit, authority().certify)


@functools.cache
def _finished(algorithm: KeyAlgorithm, generation: str) -> dict[str, Any]:
    card = blank_card(generation=generation)
    make(card, algorithm)
    return card.state.document()


def finished_card(
    algorithm: KeyAlgorithm = KeyAlgorithm.P384,
    save: Callable[[Mapping[str, Any]], None] = forget,
    generation: str = GENERATION,
) -> VirtualCard:
    """A card as it leaves the factory: finished, not activated. Made once a kind, then copied."""
    return VirtualCard(CardState.from_document(_finished(algorithm, generation)), save, os.urandom)


class PulledAfter:
    """A connection whose card is pulled after ``count`` commands (the last one done, its answer lost)."""

    def __init__(self, card: VirtualCard, count: int) -> None:
        self._card = card
        self._left = count
        self.sent: list[bytes] = []
        card.reset()

    def transmit(self, apdu: bytes) -> bytes:
        if self._left == 0:
            raise CardRemoved()
        self._left -= 1
        self.sent.append(apdu)
        answer = self._card.transmit(apdu)
        if self._left == 0:
            raise CardRemoved()
        return answer
