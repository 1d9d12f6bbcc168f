# SPDX-License-Identifier: EUPL-1.2
"""The virtual card's operating system: PINs, life cycle, access rules, storage, any bytes at all."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key
from hypothesis import given
from hypothesis import strategies as st
from tests.support import cards
from tests.support.amount import examples
from tests.support.cards import HASHES
from tests.unit.card.test_driver_faults import KINDS

from varmentaja.card import issuer_key, layout, signature_input, tlv
from varmentaja.card.apdu import Command, Response, exchange
from varmentaja.card.driver import HashAlgorithm, KeyAlgorithm, KeyRole, PinRole
from varmentaja.card.drivers import open_card
from varmentaja.card.generations import generation
from varmentaja.card.layout import LAYOUTS
from varmentaja.card.transport import InProcessTransport
from varmentaja.card.virtual.card import VirtualCard
from varmentaja.card.virtual.state import CardState, LifeCycle, blank
from varmentaja.card.vpcd import NO_DIAGNOSIS, CardSlot, plug, serve_card

INITIALISE = Command(0x00, 0xDA, 0x01, 0xE0, b"\0\0" + b"\xff" * 6)
SELECT = Command(0x00, 0xA4, 0x04, 0x0C, layout.AID)


def ask(card: VirtualCard, command: Command) -> Response:
    return exchange(card.transmit, command)


def reset_pin(card: VirtualCard, reference: int, code: str, pin: str) -> Response:
    return ask(card, Command(0, 0x2C, 0, reference, layout.pad_pin(code) + layout.pad_pin(pin)))


def verify(card: VirtualCard, reference: int, pin: str) -> Response:
    return ask(card, Command(0, 0x20, 0, reference, layout.pad_pin(pin)))


def sign(card: VirtualCard, key_file: int) -> Response:
    ask(card, SELECT)
    ask(card, signature_input.environment(signature_input.ALGORITHM_ECDSA, key_file))
    return ask(card, signature_input.compute(bytes(32)))


@pytest.fixture
def card() -> VirtualCard:
    """Finished, not activated."""
    return cards.finished_card()


@pytest.fixture
def active(card: VirtualCard) -> VirtualCard:
    """With both PINs set."""
    assert reset_pin(card, 1, cards.CODE, cards.PIN1).ok
    assert reset_pin(card, 2, cards.CODE, cards.PIN2).ok
    return card


def test_pins_wait_in_transport_state(card: VirtualCard) -> None:
    assert verify(card, 1, cards.PIN1).status == 0x6984
    assert ask(card, Command(0, 0x20, 0, 2)).status == 0x6984
    changed = ask(card, Command(0, 0x24, 0, 1, layout.pad_pin("2580") + layout.pad_pin("3691")))
    assert changed.status == 0x6984


def test_the_code_activates_and_asking_spends_no_try(active: VirtualCard) -> None:
    assert [ask(active, Command(0, 0x20, 0, 1)).status for _ in range(9)] == [0x63C5] * 9
    assert verify(active, 1, cards.PIN1).ok
    assert ask(active, Command(0, 0x20, 0, 1)).ok


def test_a_pin_locks_after_its_tries_and_the_code_unlocks_it(active: VirtualCard) -> None:
    statuses = [verify(active, 1, "9999").status for _ in range(6)]
    assert statuses == [0x63C4, 0x63C3, 0x63C2, 0x63C1, 0x63C0, 0x6983]
    assert verify(active, 1, cards.PIN1).status == 0x6983
    assert reset_pin(active, 1, cards.CODE, "3691").ok
    assert verify(active, 1, "3691").ok


def test_a_wrong_pin_takes_the_verification_away(active: VirtualCard) -> None:
    assert verify(active, 1, cards.PIN1).ok
    assert sign(active, 0x4B01).ok
    verify(active, 1, "9999")
    assert sign(active, 0x4B01).status == 0x6982


def test_the_code_locks_for_good(card: VirtualCard) -> None:
    statuses = [reset_pin(card, 1, "00000001", cards.PIN1).status for _ in range(6)]
    assert statuses == [0x63C4, 0x63C3, 0x63C2, 0x63C1, 0x63C0, 0x6983]
    assert reset_pin(card, 1, cards.CODE, cards.PIN1).status == 0x6983


@pytest.mark.parametrize("pin", ["1111", "1234", "87654321", "258", "25a8", ""])
def test_a_trivial_or_malformed_pin_is_refused_and_spends_no_try(card: VirtualCard, pin: str) -> None:
    assert reset_pin(card, 1, "00000001", pin).status == 0x6A80
    assert card.state.pins["1"].code_tries_left == 5


def test_each_signature_with_the_signature_key_needs_pin2_again(active: VirtualCard) -> None:
    verify(active, 2, cards.PIN2)
    assert sign(active, 0x4B02).ok
    assert sign(active, 0x4B02).status == 0x6982
    verify(active, 1, cards.PIN1)
    assert sign(active, 0x4B01).ok
    assert sign(active, 0x4B01).ok
    assert sign(active, 0x4B02).status == 0x6982


def test_logout_and_reset_forget_pins(active: VirtualCard) -> None:
    verify(active, 1, cards.PIN1)
    ask(active, Command(0, 0x2E, 0, 0))
    assert sign(active, 0x4B01).status == 0x6982
    verify(active, 1, cards.PIN1)
    active.reset()
    assert sign(active, 0x4B01).status == 0x6982


@pytest.mark.parametrize(
    "command",
    [
        INITIALISE,
        Command(0xA0, 0xE4, 0, 0),
        Command(0, 0x46, 0, 0),
        Command(0, 0xDA, 1, 1, bytes(23)),
        Command(0, 0x44, 4, 0, layout.AID),
        Command(0, 0xD6, 0, 0, b"x"),
        Command(0, 0xE0, 0, 0, bytes.fromhex("620E80020010820101830240018603000000")),
    ],
)
def test_a_finished_card_cannot_be_wiped_or_rewritten(active: VirtualCard, command: Command) -> None:
    verify(active, 1, cards.PIN1)
    verify(active, 2, cards.PIN2)
    before = active.state.document()
    for place in (SELECT, Command(0, 0xA4, 0, 0x0C, b"\x43\x31"), Command(0, 0xA4, 0, 0x0C, b"\x4b\x01")):
        ask(active, place)
        assert not ask(active, command).ok
    assert active.state.document()["files"] == before["files"]
    assert active.state.life_cycle is LifeCycle.OPERATIONAL


def test_only_the_rule_never_keeps_a_finished_card_from_being_wiped(active: VirtualCard) -> None:
    active.state.files["3F00"].access = "000000"
    assert ask(active, INITIALISE).ok
    assert not active.state.pins


def test_a_blank_listens_to_its_issuer_alone() -> None:
    card = cards.blank_card()
    assert ask(card, INITIALISE).status == 0x6982
    for tries_left in (4, 3, 2, 1, 0):
        ask(card, Command(0, 0x84, 0, 0, le=16))
        assert ask(card, Command(0, 0x82, 0, 0, bytes(16))).status == 0x63C0 | tries_left
    challenge = ask(card, Command(0, 0x84, 0, 0, le=16)).data
    right = Command(0, 0x82, 0, 0, issuer_key.cryptogram(cards.chip_key(), challenge))
    assert ask(card, right).status == 0x6983


def test_a_challenge_serves_once() -> None:
    card = cards.blank_card()
    challenge = ask(card, Command(0, 0x84, 0, 0, le=16)).data
    right = Command(0, 0x82, 0, 0, issuer_key.cryptogram(cards.chip_key(), challenge))
    assert ask(card, right).ok
    assert ask(card, right).status == 0x6985


def test_the_private_key_shows_in_no_answer(active: VirtualCard) -> None:
    for key_file in (b"\x4b\x01", b"\x4b\x02"):
        ask(active, Command(0, 0xA4, 0, 0x0C, key_file))
        assert ask(active, Command(0, 0xB0, 0, 0, le=256)).status == 0x6986
        answers = [ask(active, Command(0, 0xCA, 1, number, le=256)).data for number in range(256)]
        secret = active.state.files["3F005015" + key_file.hex().upper()].data
        scalar = secret[secret.index(b"\x04\x30") + 2 :][:48]
        assert not any(scalar in answer for answer in answers)


def test_a_try_is_stored_before_the_pin_is_compared() -> None:
    """Whoever pulls the card the moment a wrong PIN is refused gets no try back."""
    stored: list[Mapping[str, Any]] = []
    card = cards.finished_card(save=lambda document: stored.append(json.loads(json.dumps(document))))
    assert reset_pin(card, 1, cards.CODE, cards.PIN1).ok
    stored.clear()
    verify(card, 1, cards.PIN1)
    assert stored[0]["pins"]["1"]["tries_left"] == 4
    assert stored[-1]["pins"]["1"]["tries_left"] == 5
    stored.clear()
    reset_pin(card, 1, cards.CODE, cards.PIN1)
    assert stored[0]["pins"]["1"]["code_tries_left"] == 4


def test_a_card_whose_storage_fails_says_so_and_stays_as_it_was_stored() -> None:
    full = False

    def save(_document: Mapping[str, Any]) -> None:
        if full:
            raise OSError("disk full")

    card = cards.finished_card(save=save)
    assert reset_pin(card, 1, cards.CODE, cards.PIN1).ok
    full = True
    assert verify(card, 1, cards.PIN1).status == 0x6581
    assert sign(card, 0x4B01).status == 0x6982
    full = False
    assert ask(card, Command(0, 0x20, 0, 1)).status == 0x63C5


def test_the_state_survives_as_a_document(active: VirtualCard) -> None:
    document = json.loads(json.dumps(active.state.document()))
    assert CardState.from_document(document) == active.state
    with pytest.raises(ValueError, match="version"):
        CardState.from_document({**document, "version": 2})


def test_what_opensc_asks_is_answered_to_the_byte(active: VirtualCard) -> None:
    info = ask(active, Command(0, 0xCA, 1, 0xA0, le=20)).data
    assert (len(info), info[5:8], info[8:18].hex()) == (20, b"\4\5\0", cards.SERIAL)
    assert ask(active, Command(0, 0xCA, 1, 0xAA, le=11)).data.hex() == "0100091000000000000209"
    control = tlv.single(ask(active, Command(0, 0xA4, 8, 0, b"\x50\x15\x4b\x01", 256)).data)
    fields = {item.tag: item.value.hex() for item in control.children()}
    assert fields == {
        0x81: "0180", 0x82: "22", 0x83: "4b01", 0x85: "0000", 0x86: "1fffff", 0x8A: "05"
    }  # fmt: skip


def test_raw_rsa_lets_the_caller_pad() -> None:
    card = cards.finished_card(KeyAlgorithm.RSA_2048)
    reset_pin(card, 1, cards.CODE, cards.PIN1)
    verify(card, 1, cards.PIN1)
    ask(card, SELECT)
    ask(card, signature_input.environment(0x00, 0x4B01))
    padded = b"\0" + os.urandom(255)
    raw = ask(card, signature_input.compute(padded)).data
    public = card.state.files["3F0050155501"].data
    key = load_der_public_key(public)
    assert isinstance(key, rsa.RSAPublicKey)
    numbers = key.public_numbers()
    assert pow(int.from_bytes(raw), numbers.e, numbers.n) == int.from_bytes(padded)


def test_a_digest_longer_or_shorter_than_the_curve_is_signed_too() -> None:
    for algorithm in (KeyAlgorithm.P256, KeyAlgorithm.P384):
        card = cards.finished_card(algorithm)
        driver = open_card(InProcessTransport(card))
        driver.activate(cards.CODE, cards.PIN1, cards.PIN2)
        key = load_der_public_key(card.state.files["3F0050155501"].data)
        assert isinstance(key, ec.EllipticCurvePublicKey)
        for hashing in HashAlgorithm:
            signature = driver.sign(KeyRole.AUTHENTICATION, b"content", hashing, cards.PIN1)
            key.verify(signature, b"content", ec.ECDSA(HASHES[hashing]))


known_instructions = st.sampled_from(
    [
        0x20,
        0x22,
        0x24,
        0x2A,
        0x2C,
        0x2E,
        0x44,
        0x46,
        0x82,
        0x84,
        0xA4,
        0xB0,
        0xC0,
        0xCA,
        0xD6,
        0xDA,
        0xE0,
        0xE4,
    ]
)
plausible = st.builds(
    lambda cla, ins, p1, p2, data, le: Command(cla, ins, p1, p2, data, le).encode(),
    st.sampled_from([0x00, 0x10, 0xA0, 0x80]),
    known_instructions,
    st.sampled_from([0, 1, 2, 4, 8, 9, 0x41, 0x9E]) | st.integers(0, 255),
    st.sampled_from([0, 1, 2, 0x0C, 0x86, 0x9A, 0xA0, 0xA1, 0xB6, 0xE0]) | st.integers(0, 255),
    st.binary(max_size=40)
    | st.sampled_from(
        [
            layout.AID,
            b"\x4b\x01",
            b"\x50\x15",
            bytes.fromhex("8001048102 4b01".replace(" ", "")),
            b"\xff" * 16,
            b"\x43\x31",
            b"\x50\x16",
            cards.CODE.encode(),
            cards.PIN1.encode(),
            layout.pad_pin(cards.PIN1),
            bytes.fromhex("800144840182"),
            bytes.fromhex("800142840101"),
            bytes.fromhex("9020") + b"\0" * 32,
            b"\0" * 48,
        ]
    ),
    st.none() | st.integers(1, 300),
)


@pytest.mark.parametrize("kind", KINDS)
@examples(25, 500)
@given(
    apdus=st.lists(plausible | st.binary(max_size=300), max_size=25),
    state=st.sampled_from(["blank", "fresh", "open"]),
)
def test_any_bytes_get_a_status_word(kind: tuple[str, KeyAlgorithm], apdus: list[bytes], state: str) -> None:
    """As each personality, with each kind of key, and with both PINs and the code entered."""
    chip, algorithm = kind
    is_blank = state == "blank"
    card = issuer_present(chip) if is_blank else cards.finished_card(algorithm, generation=chip)
    if state == "open":
        open_card(InProcessTransport(card)).activate(cards.CODE, cards.PIN1, cards.PIN2)
    for number, apdu in enumerate(apdus):
        if state == "open" and number % 8 == 0:
            enter_all(card)
        answer = card.transmit(apdu)
        assert len(answer) >= 2
        assert answer[-2] >> 4 in (0x6, 0x9)


def enter_all(card: VirtualCard) -> None:
    """Verify whatever this family's PINs are, as its holder would."""
    places = LAYOUTS[generation(card.state.generation).family]
    for role, pin in ((PinRole.AUTHENTICATION, cards.PIN1), (PinRole.SIGNATURE, cards.PIN2)):
        digits = layout.pad_pin(pin) if places.pads else pin.encode()
        ask(card, Command(0, 0x20, 0, places.pins[role], digits))
    if not places.pads:
        ask(card, Command(0, 0x20, 0, places.code, cards.CODE.encode()))


def test_a_fault_of_the_cards_program_does_not_take_it_out_of_its_reader() -> None:
    class Faulty:
        atr = cards.blank_card().atr
        resets = 0

        def reset(self) -> None:
            self.resets += 1

        def transmit(self, apdu: bytes) -> bytes:
            if apdu[1] == 0x20:
                raise ZeroDivisionError
            return b"\x90\x00"

    card, slot = Faulty(), CardSlot()
    thread = threading.Thread(target=lambda: serve_card(plug("127.0.0.1", slot.port), card), daemon=True)
    thread.start()
    transport = slot.wait_for_card(20)
    resets = card.resets
    assert transport.transmit(bytes.fromhex("00200000")) == NO_DIAGNOSIS
    assert card.resets == resets + 1, "nothing stays verified"
    assert transport.transmit(bytes.fromhex("00A40000")) == b"\x90\x00"
    transport.close()
    slot.close()
    thread.join(20)


def issuer_present(chip: str = cards.GENERATION) -> VirtualCard:
    """A blank after EXTERNAL AUTHENTICATE, the most talkative state."""
    card = VirtualCard(blank(cards.SERIAL, cards.chip_key(), chip), cards.forget, os.urandom)
    challenge = ask(card, Command(0, 0x84, 0, 0, le=16)).data
    assert ask(card, Command(0, 0x82, 0, 0, issuer_key.cryptogram(cards.chip_key(), challenge))).ok
    return card
