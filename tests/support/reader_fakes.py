# SPDX-License-Identifier: EUPL-1.2
"""A card driver with keys in memory, and prompts that answer by themselves: for tests of the reader program.

Tests that are about the card itself use the virtual card; these are about what the program does with one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.x509.oid import NameOID

from varmentaja.card.card_list import ListedCard
from varmentaja.card.driver import (
    CardCertificates,
    CardContents,
    CardDriver,
    CardRemoved,
    CodeLocked,
    HashAlgorithm,
    KeyRole,
    NotActivated,
    PinCondition,
    PinLocked,
    PinRole,
    PinState,
    Transport,
    WrongCode,
    WrongPin,
)
from varmentaja.domain.errors import unavailable
from varmentaja.reader.cards import InsertedCard
from varmentaja.reader.prompts import PinAnswer, PinRequest

PIN1, PIN2, CODE = "2580", "258036", "13579246"
MADE = datetime(2026, 11, 1, tzinfo=UTC)

_HASHES: dict[HashAlgorithm, hashes.HashAlgorithm] = {
    HashAlgorithm.SHA256: hashes.SHA256(),
    HashAlgorithm.SHA384: hashes.SHA384(),
    HashAlgorithm.SHA512: hashes.SHA512(),
}


_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


def _name(common_name: str, *more: tuple[x509.ObjectIdentifier, str]) -> x509.Name:
    attributes = [(NameOID.COUNTRY_NAME, "FI"), *more, (NameOID.COMMON_NAME, common_name)]
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in attributes])


class TinyHierarchy:
    """A root and an issuing authority that certify anything: not a stand-in for the product's own."""

    def __init__(self) -> None:
        self.root_key = ec.generate_private_key(ec.SECP384R1())
        self.issuer_key = ec.generate_private_key(ec.SECP384R1())
        self.root = self._sign(_name("TEST Root"), self.root_key.public_key(), None, ca=True)
        self.issuer = self._sign(
            _name("TEST Professionals"), self.issuer_key.public_key(), self.root, ca=True
        )

    def person(self, key: ec.EllipticCurvePrivateKey, role: KeyRole) -> x509.Certificate:
        """A certificate of a fictive physician for one key of a card."""
        subject = _name(
            "Virtanen Aino 00999000123",
            (NameOID.SERIAL_NUMBER, "00999000123"),
            (NameOID.GIVEN_NAME, "Aino"),
            (NameOID.SURNAME, "Virtanen"),
            (NameOID.TITLE, "laillistettu lääkäri"),
        )
        return self._sign(subject, key.public_key(), self.issuer, ca=False, role=role)

    def _sign(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePublicKey,
        issuer: x509.Certificate | None,
        *,
        ca: bool,
        role: KeyRole | None = None,
    ) -> x509.Certificate:
        signer = self.root_key if ca else self.issuer_key
        usages = dict.fromkeys(_USAGES, False)
        usages |= {"key_cert_sign": ca, "crl_sign": ca}
        usages |= {
            "digital_signature": role is KeyRole.AUTHENTICATION,
            "content_commitment": role is KeyRole.SIGNATURE,
        }
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer.subject if issuer else subject)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(MADE)
            .not_valid_after(MADE + timedelta(days=1825))
            .add_extension(x509.BasicConstraints(ca, None), critical=True)
            .add_extension(x509.KeyUsage(**usages), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
            )
            .sign(signer, hashes.SHA384())
        )


def der(certificate: x509.Certificate) -> bytes:
    """The certificate's DER."""
    return certificate.public_bytes(serialization.Encoding.DER)


class MemoryTransport:
    """No wire: there is only something to be in a transaction with."""

    atr = bytes.fromhex("3BF51800008131FE454F7345494492")
    is_present = True

    def transmit(self, apdu: bytes) -> bytes:
        raise CardRemoved

    @contextmanager
    def transaction(self) -> Iterator[None]:
        yield

    def reset(self) -> None:
        """Nothing to forget."""

    def close(self) -> None:
        """Nothing to let go of."""


class MemoryCard:
    """A CardDriver whose card is this object. ``removed`` makes every command fail from then on."""

    def __init__(self, hierarchy: TinyHierarchy, *, activated: bool = True) -> None:
        self.transport = MemoryTransport()
        self.keys = {role: ec.generate_private_key(ec.SECP384R1()) for role in KeyRole}
        self.pins = {PinRole.AUTHENTICATION: PIN1, PinRole.SIGNATURE: PIN2} if activated else {}
        self.tries = dict.fromkeys(PinRole, 5)
        self.code_tries = 5
        self.removed = False
        self.signatures = 0
        self.on_sign: Callable[[], None] = lambda: None
        self.certificates = CardCertificates(
            authentication=der(hierarchy.person(self.keys[KeyRole.AUTHENTICATION], KeyRole.AUTHENTICATION)),
            signature=der(hierarchy.person(self.keys[KeyRole.SIGNATURE], KeyRole.SIGNATURE)),
            issuer=der(hierarchy.issuer),
            root=der(hierarchy.root),
        )

    def read(self) -> CardContents:
        self._there()
        return CardContents(
            chip_serial="00112233445566778899",
            printed_serial="566778899",
            label="TEST CARD",
            generation="",
            code_length=8,
            is_test_card=True,
            certificates=self.certificates,
            pin1=self.pin_state(PinRole.AUTHENTICATION),
            pin2=self.pin_state(PinRole.SIGNATURE),
            code_tries_left=None if self.code_tries else 0,
        )

    def pin_state(self, role: PinRole) -> PinState:
        self._there()
        if role not in self.pins:
            return PinState(PinCondition.NOT_ACTIVATED, None, 4, 8)
        condition = PinCondition.READY if self.tries[role] else PinCondition.LOCKED
        return PinState(condition, self.tries[role], 4, 8)

    def activate(self, code: str, pin1: str, pin2: str) -> None:
        self.unblock(PinRole.AUTHENTICATION, code, pin1)
        self.unblock(PinRole.SIGNATURE, code, pin2)

    def verify(self, role: PinRole, pin: str) -> None:
        self._there()
        if role not in self.pins:
            raise NotActivated
        if not self.tries[role]:
            raise PinLocked(role)
        if pin != self.pins[role]:
            self.tries[role] -= 1
            raise WrongPin(role, self.tries[role]) if self.tries[role] else PinLocked(role)
        self.tries[role] = 5

    def change(self, role: PinRole, old: str, new: str) -> None:
        self.verify(role, old)
        self.pins[role] = new

    def unblock(self, role: PinRole, code: str, new: str) -> None:
        self._there()
        if code != CODE:
            self.code_tries = max(0, self.code_tries - 1)
            raise WrongCode(self.code_tries) if self.code_tries else CodeLocked
        self.pins[role] = new
        self.tries[role] = 5

    def sign(
        self, role: KeyRole, content: bytes, hash_algorithm: HashAlgorithm, pin: str, *, digest: bool = False
    ) -> bytes:
        self.on_sign()
        self.verify(role.pin, pin)
        self.signatures += 1
        algorithm = _HASHES[hash_algorithm]
        return self.keys[role].sign(content, ec.ECDSA(utils.Prehashed(algorithm) if digest else algorithm))

    def logout(self) -> None:
        """Nothing stays verified here."""

    def _there(self) -> None:
        if self.removed:
            raise CardRemoved


@dataclass
class OneReader:
    """CardReaders with a list of cards in it."""

    inserted: list[InsertedCard] = field(default_factory=list)

    def cards(self) -> tuple[InsertedCard, ...]:
        return tuple(self.inserted)


@dataclass
class Typist:
    """A PinPrompt that types what it was given, in turn, and remembers what it was asked; then it cancels."""

    answers: list[str | Literal["cancel"]]
    choice: int = 0
    asked: list[PinRequest] = field(default_factory=list)
    before_answer: Callable[[], None] = lambda: None

    def ask(self, request: PinRequest, *, given_up: Callable[[], bool]) -> PinAnswer | None:
        self.asked.append(replace(request))
        self.before_answer()
        if given_up() or not self.answers or (typed := self.answers.pop(0)) == "cancel":
            return None
        return PinAnswer(self.choice, typed)


@dataclass
class MemoryListener:
    """A slot's wire without a wire: hands over what the host connected."""

    port: int
    connected: MemoryTransport | None = None

    def wait_for_card(self, timeout: float) -> MemoryTransport:
        if self.connected is None:
            raise CardRemoved
        return self.connected

    def close(self) -> None:
        """Nothing to close."""


class MemoryHost:
    """A card host and the listeners of its reader, all in memory; ``open_card`` finds the inserted card."""

    def __init__(self, cards: dict[str, MemoryCard], slots: int = 2) -> None:
        self.by_serial = cards
        self.listeners = [MemoryListener(port) for port in range(slots)]
        self.fails = False
        self.picture: Path | None = None
        self._where: dict[str, int] = {}

    def list(self) -> list[ListedCard]:
        if self.fails:
            raise unavailable("The drawer of test cards does not answer.")
        return [
            ListedCard(
                serial=serial,
                printed_serial="566778899",
                label="TEST CARD",
                holder="Virtanen Aino",
                number="00999000199",
                title="laillistettu lääkäri",
                atr="",
                is_finished=True,
                is_activated=bool(card.pins),
                where="reader" if serial in self._where else None,
                picture=str(self.picture) if self.picture else None,
            )
            for serial, card in self.by_serial.items()
        ]

    def insert(self, serial: str, port: int) -> None:
        card = self.by_serial[serial]
        card.removed, card.transport.is_present = False, True
        self._where[serial] = port
        self.listeners[port].connected = card.transport

    def pull(self, serial: str) -> None:
        card = self.by_serial[serial]
        card.removed, card.transport.is_present = True, False
        self.listeners[self._where.pop(serial)].connected = None

    def open_card(self, transport: Transport) -> CardDriver:
        return next(card for card in self.by_serial.values() if card.transport is transport)
