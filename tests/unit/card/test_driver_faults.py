# SPDX-License-Identifier: EUPL-1.2
"""Both drivers when things go wrong: cards pulled anywhere, and cards that answer whatever they like."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support import cards

from varmentaja.card.driver import (
    CardDriver,
    CardError,
    CardRemoved,
    HashAlgorithm,
    KeyAlgorithm,
    KeyRole,
    PinRole,
)
from varmentaja.card.drivers import open_card
from varmentaja.card.transport import InProcessTransport
from varmentaja.card.virtual.card import VirtualCard

PIN1, PIN2 = PinRole.AUTHENTICATION, PinRole.SIGNATURE
KINDS = [
    (cards.GENERATION, KeyAlgorithm.P384),
    (cards.GENERATION, KeyAlgorithm.RSA_3072),
    (cards.OLD_GENERATION, KeyAlgorithm.RSA_3072),
    (cards.S4_2, KeyAlgorithm.P384),
    (cards.S4_2, KeyAlgorithm.RSA_3072),
]
OPERATIONS: dict[str, Callable[[CardDriver], object]] = {
    "read": lambda driver: driver.read(),
    "pin_state": lambda driver: driver.pin_state(PIN1),
    "activate": lambda driver: driver.activate(cards.CODE, cards.PIN1, cards.PIN2),
    "verify": lambda driver: driver.verify(PIN2, cards.PIN2),
    "verify_wrong": lambda driver: driver.verify(PIN1, "9713"),
    "change": lambda driver: driver.change(PIN1, cards.PIN1, cards.PIN1),
    "unblock": lambda driver: driver.unblock(PIN2, cards.CODE, cards.PIN2),
    "sign": lambda driver: driver.sign(KeyRole.SIGNATURE, b"x", HashAlgorithm.SHA256, cards.PIN2),
    "authenticate": lambda driver: driver.sign(
        KeyRole.AUTHENTICATION, b"x", HashAlgorithm.SHA384, cards.PIN1
    ),
    "logout": lambda driver: driver.logout(),
}
MOST_COMMANDS = 2_000
"""More than any operation with any card can need: what sends more never ends."""


class Rig(InProcessTransport):
    """A card whose ``trouble`` is asked before each command; its answer, if it has one, is the card's."""

    def __init__(self, card: VirtualCard) -> None:
        super().__init__(card)
        self.card = card
        self.count = 0
        self.trouble: Callable[[int], bytes | None] = lambda _: None

    def transmit(self, apdu: bytes) -> bytes:
        number, self.count = self.count, self.count + 1
        assert number < MOST_COMMANDS, "without end"
        answer = self.trouble(number)
        return super().transmit(apdu) if answer is None else answer

    def start(self, trouble: Callable[[int], bytes | None]) -> None:
        self.count, self.trouble = 0, trouble

    def pull_at(self, last: int) -> None:
        """The card is pulled before its ``last``th command and stays out."""

        def trouble(number: int) -> None:
            if number >= last:
                raise CardRemoved()

        self.start(trouble)

    def insert(self) -> None:
        self.card.reset()
        self.start(lambda _: None)


def active(generation: str, algorithm: KeyAlgorithm) -> tuple[CardDriver, Rig]:
    rig = Rig(cards.finished_card(algorithm, generation=generation))
    driver = open_card(rig)
    driver.activate(cards.CODE, cards.PIN1, cards.PIN2)
    return driver, rig


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize(("generation", "algorithm"), KINDS)
def test_a_card_pulled_at_any_command_is_said_to_be_removed(
    generation: str, algorithm: KeyAlgorithm, name: str
) -> None:
    """At each command in turn, with a driver that knows the card and with one that does not."""
    operation = OPERATIONS[name]
    for known in (True, False):
        number = 0
        while number >= 0:
            driver, rig = active(generation, algorithm)
            driver = driver if known else open_card(rig)
            rig.pull_at(number)
            try:
                operation(driver)
            except CardRemoved:
                number += 1
            except CardError:
                assert name == "verify_wrong"
                number = -1
            else:
                number = -1
            rig.insert()
            assert not rig.card.verified
            # The card is as good as before: at most one try of a PIN or of the code is gone.
            driver = open_card(rig)
            if name in ("activate", "unblock"):
                driver.activate(cards.CODE, cards.PIN1, cards.PIN2)
            driver.sign(KeyRole.AUTHENTICATION, b"x", HashAlgorithm.SHA256, cards.PIN1)
            assert driver.read().is_activated


@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize(("generation", "algorithm"), KINDS)
@pytest.mark.parametrize("answer", ["", "90", "6F00", "6982", "6110", "6100", "6C00", "9000", "0102039000"])
def test_no_pin_stays_verified_whatever_one_answer_is(
    generation: str, algorithm: KeyAlgorithm, name: str, answer: str
) -> None:
    """At each command in turn the card does nothing and answers this."""
    operation = OPERATIONS[name]
    driver, rig = active(generation, algorithm)
    driver.read()
    rig.start(lambda _: None)
    try:
        operation(driver)
    except CardError:
        assert name == "verify_wrong"
    for number in range(rig.count):
        rig.start(lambda at, number=number: bytes.fromhex(answer) if at == number else None)  # type: ignore[misc]
        with contextlib.suppress(CardError):
            operation(driver)
        rig.start(lambda _: None)
        if not answer.endswith("9000"):  # a lie about having forgotten can't be noticed
            assert not rig.card.verified
        driver.activate(cards.CODE, cards.PIN1, cards.PIN2)


@given(
    kind=st.sampled_from(KINDS),
    name=st.sampled_from(list(OPERATIONS)),
    known=st.booleans(),
    answers=st.lists(
        st.one_of(
            st.none(),
            st.binary(max_size=300),
            st.builds(
                lambda data, status: data + status.to_bytes(2),
                st.binary(max_size=260),
                st.integers(0, 0xFFFF),
            ),
            st.builds(lambda data: data + b"\x90\x00", st.binary(max_size=260)),
            st.sampled_from(
                [b"\x61\x00", b"\x61\x10", b"\x6c\x00", b"\x6c\x05", b"\x63\xc0", b"\x69\x83", b"\x69\x84"]
            ),
        ),
        max_size=40,
    ),
)
def test_nonsense_is_never_more_than_a_card_error(
    kind: tuple[str, KeyAlgorithm], name: str, known: bool, answers: list[bytes | None]
) -> None:
    driver, rig = active(*kind)
    driver = driver if known else open_card(rig)
    rig.start(lambda number: answers[number] if number < len(answers) else None)
    with contextlib.suppress(CardError):
        OPERATIONS[name](driver)
    assert rig.count < MOST_COMMANDS


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", OPERATIONS)
@pytest.mark.parametrize("seed", range(5))
def test_a_card_that_talks_nonsense_for_ever_comes_to_an_end(
    kind: tuple[str, KeyAlgorithm], name: str, seed: int
) -> None:
    noise = random.Random(seed)  # noise, not a secret
    kinds: list[Callable[[], bytes]] = [
        lambda: noise.randbytes(noise.randrange(300)),
        lambda: noise.randbytes(noise.randrange(256)) + b"\x90\x00",
        lambda: noise.randbytes(128) + b"\x90\x00",
        lambda: noise.randbytes(16) + b"\x61\x10",
        lambda: b"\x6f\x10\x80\x02\x7f\xff\x82\x01\x01\x90\x00",
    ]
    driver, rig = active(*kind)
    driver = open_card(rig) if seed % 2 else driver
    rig.start(lambda _: kinds[seed]())
    with contextlib.suppress(CardError):
        OPERATIONS[name](driver)
    assert rig.count < MOST_COMMANDS
