# SPDX-License-Identifier: EUPL-1.2
"""The MyEID driver against the virtual card: what holders do with their cards, and what goes wrong."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import load_der_x509_certificate
from tests.support import cards
from tests.support.cards import HASHES

from varmentaja.card.driver import (
    CardDriver,
    CardError,
    CardNotReady,
    CardNotSupported,
    CardRemoved,
    CodeLocked,
    CodeNotAccepted,
    HashAlgorithm,
    KeyAlgorithm,
    KeyRole,
    NotActivated,
    PinCondition,
    PinLocked,
    PinNotAccepted,
    PinRole,
    WrongCode,
    WrongPin,
)
from varmentaja.card.drivers import open_card
from varmentaja.card.transport import InProcessTransport
from varmentaja.card.virtual.card import VirtualCard

PIN1, PIN2 = PinRole.AUTHENTICATION, PinRole.SIGNATURE


class Counting(InProcessTransport):
    """Counts APDUs, and can lose the card."""

    def __init__(self, card: VirtualCard) -> None:
        super().__init__(card)
        self.count = 0
        self.pulled_after: int | None = None

    def transmit(self, apdu: bytes) -> bytes:
        if self.count == self.pulled_after:
            raise CardRemoved()
        self.count += 1
        return super().transmit(apdu)


def active(algorithm: KeyAlgorithm = KeyAlgorithm.P384) -> tuple[CardDriver, Counting, VirtualCard]:
    card = cards.finished_card(algorithm)
    transport = Counting(card)
    driver = open_card(transport)
    driver.activate(cards.CODE, cards.PIN1, cards.PIN2)
    return driver, transport, card


def test_activation_sets_both_pins_and_can_be_repeated() -> None:
    driver, _, _ = active()
    driver.activate(cards.CODE, "3691", "369147")
    driver.verify(PIN1, "3691")
    driver.verify(PIN2, "369147")
    contents = driver.read()
    assert contents.is_activated
    assert contents.pin1.condition is PinCondition.READY


def test_before_activation_every_pin_says_so() -> None:
    driver = open_card(InProcessTransport(cards.finished_card()))
    assert driver.pin_state(PIN1).condition is PinCondition.NOT_ACTIVATED
    with pytest.raises(NotActivated):
        driver.verify(PIN1, cards.PIN1)
    with pytest.raises(NotActivated):
        driver.change(PIN2, cards.PIN2, "369147")


def test_activation_pulled_between_the_pins_is_simply_done_again() -> None:
    card = cards.finished_card()
    transport = Counting(card)
    driver = open_card(transport)
    driver.read()
    for count in range(1, 7):
        transport.pulled_after = transport.count + count
        try:
            driver.activate(cards.CODE, cards.PIN1, cards.PIN2)
        except CardRemoved:
            card.reset()
        transport.pulled_after = None
    driver.activate(cards.CODE, cards.PIN1, cards.PIN2)
    assert driver.read().is_activated


def test_a_wrong_pin_counts_down_locks_and_is_unlocked_by_the_code() -> None:
    driver, _, _ = active()
    for left in (4, 3, 2, 1):
        with pytest.raises(WrongPin) as wrong:
            driver.verify(PIN2, "999999")
        assert (wrong.value.tries_left, wrong.value.role) == (left, PIN2)
        assert str(left) in str(wrong.value)
        assert driver.pin_state(PIN2).tries_left == left
    with pytest.raises(PinLocked):
        driver.sign(KeyRole.SIGNATURE, b"x", HashAlgorithm.SHA256, "999999")
    assert driver.pin_state(PIN2).condition is PinCondition.LOCKED
    assert driver.pin_state(PIN1).tries_left == 5
    driver.unblock(PIN2, cards.CODE, "741852")
    driver.verify(PIN2, "741852")


def test_a_wrong_code_counts_down_and_locks() -> None:
    driver = open_card(InProcessTransport(cards.finished_card()))
    for left in (4, 3, 2, 1):
        with pytest.raises(WrongCode) as wrong:
            driver.activate("00000001", cards.PIN1, cards.PIN2)
        assert wrong.value.tries_left == left
    for _ in range(2):
        with pytest.raises(CodeLocked):
            driver.activate("00000001", cards.PIN1, cards.PIN2)


def test_change_needs_the_old_pin() -> None:
    driver, _, _ = active()
    with pytest.raises(WrongPin):
        driver.change(PIN1, "3692", "3691")
    driver.change(PIN1, cards.PIN1, "3691")
    driver.verify(PIN1, "3691")


@pytest.mark.parametrize("pin", ["1111", "4321", "258", "258036925", "25é0", "²²²²", ""])
def test_a_bad_new_pin_is_refused_without_spending_a_try(pin: str) -> None:
    driver, _, card = active()
    for act in (
        lambda: driver.change(PIN1, cards.PIN1, pin),
        lambda: driver.unblock(PIN1, cards.CODE, pin),
        lambda: driver.activate(cards.CODE, cards.PIN1, pin),
    ):
        with pytest.raises(PinNotAccepted):
            act()
    assert (card.state.pins["1"].tries_left, card.state.pins["1"].code_tries_left) == (5, 5)


@pytest.mark.parametrize("generation", [cards.GENERATION, cards.S4_2])
def test_a_chip_that_takes_any_pin_is_sent_none_that_is_easy_to_guess(
    generation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("varmentaja.card.virtual.pins.is_trivial", lambda _: False)
    card = cards.finished_card(generation=generation)
    driver = open_card(InProcessTransport(card))
    with pytest.raises(PinNotAccepted):
        driver.activate(cards.CODE, cards.PIN1, "1111")
    assert [pin.value for pin in card.state.pins.values()] == ["", ""], "not half activated"
    driver.activate(cards.CODE, cards.PIN1, cards.PIN2)
    for act in (
        lambda: driver.change(PIN1, cards.PIN1, "1234"),
        lambda: driver.unblock(PIN1, cards.CODE, "8765"),
    ):
        with pytest.raises(PinNotAccepted):
            act()
    driver.verify(PIN1, cards.PIN1)


@pytest.mark.parametrize("code", ["", "1234567", "123456789", "1234567a"])
def test_a_code_of_another_shape_is_not_sent(code: str) -> None:
    driver, _, card = active()
    with pytest.raises(CodeNotAccepted):
        driver.unblock(PIN1, code, "3691")
    assert card.state.pins["1"].code_tries_left == 5


@pytest.mark.parametrize("algorithm", [KeyAlgorithm.RSA_3072, KeyAlgorithm.P384])
@pytest.mark.parametrize("role", list(KeyRole))
def test_signatures_verify_and_take_at_most_eight_commands(algorithm: KeyAlgorithm, role: KeyRole) -> None:
    driver, transport, _ = active(algorithm)
    certificate = driver.read().certificate(role)
    assert certificate
    key = load_der_x509_certificate(certificate).public_key()
    pin = cards.PIN1 if role is KeyRole.AUTHENTICATION else cards.PIN2
    for hashing in HashAlgorithm:
        digest = hashlib.new(hashing, b"content").digest()
        transport.count = 0
        signature = driver.sign(role, digest, hashing, pin, digest=True)
        assert transport.count <= 8
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, b"content", ec.ECDSA(HASHES[hashing]))
        else:
            assert isinstance(key, rsa.RSAPublicKey)
            key.verify(signature, b"content", padding.PKCS1v15(), HASHES[hashing])


def test_a_digest_of_the_wrong_size_is_a_programming_error() -> None:
    driver, _, _ = active()
    with pytest.raises(ValueError, match="digest"):
        driver.sign(KeyRole.AUTHENTICATION, b"short", HashAlgorithm.SHA256, cards.PIN1, digest=True)


def test_no_pin_stays_verified() -> None:
    driver, transport, card = active()
    driver.sign(KeyRole.AUTHENTICATION, b"x", HashAlgorithm.SHA256, cards.PIN1)
    assert transport.transmit(bytes.fromhex("00200001"))[-2:] == b"\x63\xc5"
    with pytest.raises(WrongPin):
        driver.sign(KeyRole.AUTHENTICATION, b"x", HashAlgorithm.SHA256, "3691")
    assert card.state.pins["1"].tries_left == 4


def test_a_card_pulled_during_a_signature_says_so() -> None:
    driver, transport, _ = active()
    for count in range(4):
        transport.pulled_after = transport.count + count
        with pytest.raises(CardRemoved):
            driver.sign(KeyRole.SIGNATURE, b"x", HashAlgorithm.SHA256, cards.PIN2)
        transport.pulled_after = None
        transport.count = 0


def test_a_blank_is_not_ready() -> None:
    with pytest.raises(CardNotReady):
        open_card(InProcessTransport(cards.blank_card())).read()


def test_a_card_of_another_kind_is_not_supported() -> None:
    class Foreign(InProcessTransport):
        atr = bytes.fromhex("3B7B180000806201545646696E454944")

    with pytest.raises(CardNotSupported):
        open_card(Foreign(cards.blank_card()))


def test_errors_are_fit_to_be_read() -> None:
    driver, _, _ = active()
    with pytest.raises(CardError) as error:
        driver.verify(PIN1, "9999")
    assert str(error.value) == "PIN 1 was wrong. 4 tries left."
    assert error.value.field == "pin1"
