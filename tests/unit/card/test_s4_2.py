# SPDX-License-Identifier: EUPL-1.2
"""The S4-2 driver: what goes over the wire, and what the holder of such a card can do."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import load_der_x509_certificate
from tests.support import cards
from tests.support.cards import HASHES

from varmentaja.card.apdu import Command, Response
from varmentaja.card.driver import (
    CardDriver,
    CardNotReady,
    CardNotSupported,
    CodeLocked,
    HashAlgorithm,
    KeyAlgorithm,
    KeyRole,
    NotActivated,
    PinCondition,
    PinLocked,
    PinRole,
    WrongCode,
    WrongPin,
)
from varmentaja.card.drivers import open_card
from varmentaja.card.generations import generation_of
from varmentaja.card.s4_2 import S42Driver
from varmentaja.card.transport import InProcessTransport
from varmentaja.card.virtual.card import VirtualCard

PIN1, PIN2 = PinRole.AUTHENTICATION, PinRole.SIGNATURE
IDEAL_CITIZ = bytes.fromhex("3BDD96008031FE450031B8640429ECC1739401808248")
COSMO_X = bytes.fromhex("3BDD96008031FE450031B8640429ECC1739401808349")


class Wire(InProcessTransport):
    """Remembers what was sent."""

    def __init__(self, card: VirtualCard, atr: bytes = b"") -> None:
        super().__init__(card)
        self.sent: list[str] = []
        self._atr = atr or card.atr

    @property
    def atr(self) -> bytes:
        return self._atr

    def transmit(self, apdu: bytes) -> bytes:
        self.sent.append(apdu.hex().upper())
        return super().transmit(apdu)


def fresh(algorithm: KeyAlgorithm = KeyAlgorithm.P384) -> tuple[CardDriver, Wire, VirtualCard]:
    card = cards.finished_card(algorithm, generation=cards.S4_2)
    wire = Wire(card)
    return open_card(wire), wire, card


def active(algorithm: KeyAlgorithm = KeyAlgorithm.P384) -> tuple[CardDriver, Wire, VirtualCard]:
    driver, wire, card = fresh(algorithm)
    driver.activate(cards.CODE, cards.PIN1, cards.PIN2)
    wire.sent.clear()
    return driver, wire, card


def test_what_a_card_shows_without_a_pin() -> None:
    driver, _, card = fresh()
    contents = driver.read()
    assert contents.chip_serial == card.state.chip_serial
    assert contents.printed_serial == card.state.chip_serial[-9:]
    assert contents.is_test_card
    assert (contents.code_length, contents.code_tries_left) == (8, 5)
    assert generation_of(contents) == cards.S4_2
    assert None not in (contents.certificates.authentication, contents.certificates.signature)
    assert (contents.certificates.issuer, contents.certificates.root) == (
        cards.authority().issuer,
        cards.authority().root,
    )
    assert not contents.is_activated


def test_activation_takes_two_commands_a_pin_with_digits_as_typed() -> None:
    driver, wire, _ = fresh()
    driver.read()
    wire.sent.clear()
    driver.activate(cards.CODE, "2580", "258036")
    code = cards.CODE.encode().hex().upper()
    sent = [apdu for apdu in wire.sent if apdu.startswith(("00200012", "002C"))]
    assert sent == [f"0020001208{code}", "002C02030432353830", f"0020001208{code}", "002C020406323538303336"]
    assert driver.read().is_activated


def test_verify_and_change_are_the_bare_digits() -> None:
    driver, wire, _ = active()
    driver.verify(PIN1, "2580")
    driver.change(PIN1, "2580", "36912")
    assert "00200003 04 32353830".replace(" ", "") in wire.sent
    assert "00240003 09 323538303336393132".replace(" ", "") in wire.sent
    driver.verify(PIN1, "36912")


@pytest.mark.parametrize(
    ("algorithm", "environment"),
    [(KeyAlgorithm.P384, "002241B606800144840182"), (KeyAlgorithm.RSA_3072, "002241B606800142840182")],
)
def test_a_signature_names_key_and_hash_and_sends_the_digest(
    algorithm: KeyAlgorithm, environment: str
) -> None:
    driver, wire, _ = active(algorithm)
    digest = bytes(range(32))
    driver.sign(KeyRole.SIGNATURE, digest, HashAlgorithm.SHA256, cards.PIN2, digest=True)
    assert environment in wire.sent
    assert f"002A9E9A20{digest.hex().upper()}00" in wire.sent


@pytest.mark.parametrize("algorithm", [KeyAlgorithm.RSA_3072, KeyAlgorithm.P384])
@pytest.mark.parametrize("role", list(KeyRole))
@pytest.mark.parametrize("hashing", list(HashAlgorithm))
def test_signatures_verify(algorithm: KeyAlgorithm, role: KeyRole, hashing: HashAlgorithm) -> None:
    driver, _, card = active(algorithm)
    pin = cards.PIN1 if role is KeyRole.AUTHENTICATION else cards.PIN2
    signature = driver.sign(role, b"content", hashing, pin)
    key = load_der_x509_certificate(driver.read().certificate(role) or b"").public_key()
    if isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, b"content", ec.ECDSA(HASHES[hashing]))
    else:
        assert isinstance(key, rsa.RSAPublicKey)
        key.verify(signature, b"content", padding.PKCS1v15(), HASHES[hashing])
    assert not card.verified


def test_wrong_pins_count_down_and_the_code_unlocks() -> None:
    driver, _, _ = active()
    for left in (4, 3, 2, 1):
        with pytest.raises(WrongPin) as wrong:
            driver.verify(PIN2, "999999")
        assert wrong.value.tries_left == left
    for _ in range(2):
        with pytest.raises(PinLocked):
            driver.verify(PIN2, "999999")
    assert driver.pin_state(PIN2).condition is PinCondition.BLOCKED
    driver.unblock(PIN2, cards.CODE, "741852")
    driver.verify(PIN2, "741852")


def test_two_blocked_pins_are_a_card_to_activate() -> None:
    driver, _, _ = fresh()
    assert driver.pin_state(PIN1).condition is PinCondition.NOT_ACTIVATED
    with pytest.raises(NotActivated):
        driver.verify(PIN1, cards.PIN1)
    with pytest.raises(NotActivated):
        driver.sign(KeyRole.SIGNATURE, b"x", HashAlgorithm.SHA256, cards.PIN2)


def test_a_pin_2_that_is_blocked_alone_may_be_locked_or_not_set_yet() -> None:
    """The card answers the same to both; the code sets it in either case."""
    interrupted, _, _ = fresh()
    interrupted.unblock(PIN1, cards.CODE, cards.PIN1)
    assert interrupted.pin_state(PIN2).condition is PinCondition.BLOCKED
    assert interrupted.read().is_activated, "PIN 1 can be used"
    with pytest.raises(PinLocked, match="PIN 2 is locked or has not been set yet"):
        interrupted.sign(KeyRole.SIGNATURE, b"x", HashAlgorithm.SHA256, cards.PIN2)
    interrupted.unblock(PIN2, cards.CODE, cards.PIN2)
    interrupted.verify(PIN2, cards.PIN2)


def test_the_codes_tries_are_shared_told_and_end() -> None:
    driver, _, card = fresh()
    for left in (4, 3, 2, 1):
        with pytest.raises(WrongCode) as wrong:
            driver.unblock(PIN1 if left % 2 else PIN2, "00000001", cards.PIN1)
        assert wrong.value.tries_left == left
        assert driver.read().code_tries_left == left
    for _ in range(2):
        with pytest.raises(CodeLocked):
            driver.unblock(PIN1, cards.CODE if not driver.read().code_tries_left else "00000001", cards.PIN1)
    assert driver.read().code_tries_left == 0
    assert not card.verified


@pytest.mark.parametrize(
    ("atr", "generation"),
    [(IDEAL_CITIZ, "ideal-citiz-2"), (COSMO_X, "cosmo-x")],
    ids=["ideal-citiz", "cosmo-x"],
)
def test_real_cards_are_known_by_their_atr(atr: bytes, generation: str) -> None:
    driver = open_card(Wire(cards.finished_card(generation=cards.S4_2), atr))
    assert isinstance(driver, S42Driver)
    contents = driver.read()
    assert generation_of(contents) == generation
    assert not contents.is_test_card
    # 20 digits: such cards print characters 10 to 18.
    assert contents.printed_serial == contents.chip_serial[9:18]


def test_a_card_of_the_same_atr_without_the_application_is_not_supported() -> None:
    class Foreign(Wire):
        def transmit(self, apdu: bytes) -> bytes:
            return b"\x6a\x82" if apdu[1] == 0xA4 else super().transmit(apdu)

    with pytest.raises(CardNotSupported, match="3B DD 96"):
        open_card(Foreign(cards.finished_card(generation=cards.S4_2), COSMO_X)).read()


def test_a_blank_is_not_ready() -> None:
    with pytest.raises(CardNotReady):
        open_card(Wire(cards.blank_card(generation=cards.S4_2))).read()


def test_a_certificate_that_is_none_leaves_the_pins_usable() -> None:
    driver, _, card = fresh()
    for path in ("3F0050154331", "3F0050164332", "3F004333"):
        card.state.files[path].content = "3003020101FFFF"
    card.state.files["3F004334"].content = "FF" * 40
    certificates = driver.read().certificates
    assert certificates.authentication == bytes.fromhex("3003020101")
    assert certificates.root is None
    driver.activate(cards.CODE, cards.PIN1, cards.PIN2)
    driver.verify(PIN2, cards.PIN2)
    with pytest.raises(CardNotReady):
        driver.sign(KeyRole.SIGNATURE, b"x", HashAlgorithm.SHA256, cards.PIN2)
    assert not card.verified


def test_a_card_that_does_not_know_how_to_forget_is_reset() -> None:
    class Forgetful(Wire):
        def transmit(self, apdu: bytes) -> bytes:
            return b"\x6a\x86" if apdu[1:3] == b"\x20\xff" else super().transmit(apdu)

    card = cards.finished_card(generation=cards.S4_2)
    driver = open_card(Forgetful(card))
    driver.activate(cards.CODE, cards.PIN1, cards.PIN2)
    driver.sign(KeyRole.AUTHENTICATION, b"x", HashAlgorithm.SHA256, cards.PIN1)
    assert not card.verified


@pytest.mark.parametrize(
    ("apdu", "status"),
    [
        ("002A90A022" + "9020" + "00" * 32, 0x6A86),  # a citizen's card wants the digest first
        ("002241B606800144840102", 0x6A88),  # the signature key's reference has its local bit
        ("002241B606800142840182", 0x6A80),  # an RSA algorithm for an EC key
        ("0020001100", 0x6A88),  # a citizen's PIN 1
        ("002E0000", 0x6D00),
    ],
)
def test_what_such_a_card_refuses(apdu: str, status: int) -> None:
    _, _, card = active()
    assert Response.parse(card.transmit(bytes.fromhex(apdu))).status == status


def test_the_entered_code_serves_one_pin() -> None:
    _, _, card = active()
    enter = Command(0x00, 0x20, 0x00, 0x12, cards.CODE.encode())
    for number, status in ((3, 0x9000), (4, 0x6982)):
        if number == 3:
            assert Response.parse(card.transmit(enter.encode())).ok
        reset = Command(0x00, 0x2C, 0x02, number, b"741852")
        assert Response.parse(card.transmit(reset.encode())).status == status
