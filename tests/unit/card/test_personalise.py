# SPDX-License-Identifier: EUPL-1.2
"""Making cards: whole ones leave; half ones can be finished, wiped or thrown away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.support import cards

from varmentaja.card import proof
from varmentaja.card.contents import CardOrder
from varmentaja.card.driver import CardCertificates, CardNotReady, CardRemoved, KeyAlgorithm, KeyRole
from varmentaja.card.drivers import open_card
from varmentaja.card.personalise import (
    CertificationRequest,
    Certified,
    PersonalisationFailed,
    PersonalisedCard,
    Remedy,
    personalise,
    run,
)
from varmentaja.card.transport import InProcessTransport
from varmentaja.card.virtual.card import VirtualCard
from varmentaja.card.virtual.state import LifeCycle
from varmentaja.domain.errors import DomainError
from varmentaja.pki.possession import verify_possession

Certify = Callable[[CertificationRequest], CardCertificates]


def attempt(
    card: VirtualCard,
    certified: Certified | None = None,
    *,
    order: CardOrder | None = None,
    transmit: Callable[[bytes], bytes] | None = None,
    certify: Certify | None = None,
) -> PersonalisedCard:
    steps = personalise(order or cards.order(), cards.chip_key(), certified)
    return run(steps, transmit or card.transmit, certify or cards.authority().certify)


@pytest.mark.parametrize("algorithm", [KeyAlgorithm.RSA_3072, KeyAlgorithm.P384, KeyAlgorithm.P256])
def test_a_finished_card_reads_as_it_was_ordered(algorithm: KeyAlgorithm) -> None:
    card = cards.blank_card()
    made = cards.make(card, algorithm)
    contents = open_card(InProcessTransport(card)).read()
    assert contents.certificates == made.certified.certificates
    assert (contents.chip_serial, contents.printed_serial) == (cards.SERIAL, cards.SERIAL[-9:])
    assert (contents.generation, contents.code_length) == ("2020", 8)
    assert contents.is_test_card
    assert not contents.is_activated
    assert card.state.issuer_key == ""


@pytest.mark.parametrize("algorithm", [KeyAlgorithm.RSA_3072, KeyAlgorithm.P384])
def test_keys_are_proved_over_the_challenge_for_this_chip_and_role(algorithm: KeyAlgorithm) -> None:
    order, seen = cards.order(algorithm), []

    def certify(request: CertificationRequest) -> CardCertificates:
        seen.append(request)
        return cards.authority().certify(request)

    attempt(cards.blank_card(), order=order, certify=certify)
    keys = seen[0].keys
    first = keys[KeyRole.AUTHENTICATION]

    def proves(challenge: bytes, chip: str, role: KeyRole, public_key: bytes = first.public_key) -> bool:
        try:
            verify_possession(public_key, proof.message(challenge, chip, role), first.signature)
        except DomainError:
            return False
        return True

    assert proves(order.challenge, cards.SERIAL, KeyRole.AUTHENTICATION)
    assert not proves(order.challenge, cards.SERIAL, KeyRole.SIGNATURE)
    assert not proves(order.challenge, "FF" * 10, KeyRole.AUTHENTICATION)
    assert not proves(bytes(32), cards.SERIAL, KeyRole.AUTHENTICATION)
    other = keys[KeyRole.SIGNATURE].public_key
    assert not proves(order.challenge, cards.SERIAL, KeyRole.AUTHENTICATION, other)


def commands_of_a_whole_run() -> int:
    connection = cards.PulledAfter(cards.blank_card(), 10_000)
    attempt(cards.blank_card(), transmit=connection.transmit)
    return len(connection.sent)


COMMANDS = commands_of_a_whole_run()


@pytest.mark.parametrize("count", range(1, COMMANDS + 1))
def test_a_card_pulled_at_any_command_is_unusable_or_whole_and_can_be_finished(count: int) -> None:
    card, certified = cards.blank_card(), None

    def certify(request: CertificationRequest) -> CardCertificates:
        nonlocal certified
        certificates = cards.authority().certify(request)
        certified = Certified({role: key.public_key for role, key in request.keys.items()}, certificates)
        return certificates

    order = cards.order()
    with pytest.raises(CardRemoved):
        attempt(card, order=order, transmit=cards.PulledAfter(card, count).transmit, certify=certify)
    if card.state.life_cycle is LifeCycle.CREATION:
        with pytest.raises(CardNotReady):
            open_card(InProcessTransport(card)).read()
    card.reset()
    before = certified
    made = attempt(card, certified, order=order, certify=certify)
    contents = open_card(InProcessTransport(card)).read()
    assert contents.certificates == made.certified.certificates
    if before:
        assert made.certified is before


def test_a_half_made_card_is_wiped_when_made_anew() -> None:
    card = cards.blank_card()
    with pytest.raises(CardRemoved):
        attempt(card, transmit=cards.PulledAfter(card, COMMANDS // 2).transmit)
    first = card.state.files["3F0050154B01"].content
    card.reset()
    attempt(card)
    assert card.state.files["3F0050154B01"].content != first


def failing(card: VirtualCard, certified: Certified | None = None, **changes: Any) -> PersonalisationFailed:
    with pytest.raises(PersonalisationFailed) as failure:
        attempt(card, certified, **changes)
    return failure.value


def test_another_chip_than_the_ordered_one_is_left_alone() -> None:
    card = cards.blank_card()
    before = card.state.document()
    assert failing(card, order=cards.order(serial="AA" * 10)).remedy is Remedy.AGAIN
    assert card.state.document() == before


def test_a_chip_with_a_foreign_issuer_key_is_discarded() -> None:
    card = cards.blank_card()
    card.state.issuer_key = "00" * 32
    assert failing(card).remedy is Remedy.DISCARD


def test_a_finished_card_is_not_made_again() -> None:
    assert failing(cards.finished_card()).remedy is Remedy.DISCARD


def test_certificates_for_other_keys_do_not_get_onto_the_card() -> None:
    other = cards.make(cards.blank_card()).certified.certificates
    card = cards.blank_card()
    assert failing(card, certify=lambda _request: other).remedy is Remedy.ANEW
    assert card.state.life_cycle is LifeCycle.CREATION
    assert "3F0050154331" not in card.state.files


def test_resuming_on_a_card_without_the_certified_keys_asks_for_a_new_start() -> None:
    certified = cards.make(cards.blank_card()).certified
    assert failing(cards.blank_card(), certified).remedy is Remedy.ANEW


def test_a_card_that_shows_something_else_after_activation_is_discarded() -> None:
    card = cards.blank_card()

    def transmit(apdu: bytes) -> bytes:
        answer = card.transmit(apdu)
        finished = card.state.life_cycle is LifeCycle.OPERATIONAL
        if finished and apdu[1] == 0xB0:
            return bytes([answer[0] ^ 1]) + answer[1:]
        return answer

    assert failing(card, transmit=transmit).remedy is Remedy.DISCARD


@pytest.mark.parametrize("nonsense", [{0xA4}, {0xCA}])
def test_a_card_that_answers_nonsense_is_discarded(nonsense: set[int]) -> None:
    card, told = cards.blank_card(), 0

    def transmit(apdu: bytes) -> bytes:
        nonlocal told
        answer = card.transmit(apdu)
        # The chip's own serial is answered rightly, so that it gets as far as the keys.
        if apdu[1] in nonsense and apdu[2:4] != b"\x01\xa0":
            told += 1
            return b"\x6f\x7f\x01\x90\x00"
        return answer

    assert failing(card, transmit=transmit).remedy is Remedy.DISCARD
    assert told == 1


def test_an_order_whose_code_does_not_fit_the_generation_is_refused() -> None:
    with pytest.raises(ValueError, match="code"):
        replace(cards.order(), code="1234567")
    with pytest.raises(ValueError, match="challenge"):
        replace(cards.order(), challenge=bytes(16))
