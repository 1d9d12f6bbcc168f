# SPDX-License-Identifier: EUPL-1.2
"""Generations of cards as data, and how a card's generation is told."""

from __future__ import annotations

import pytest
from tests.support import cards

from varmentaja.card.driver import KeyAlgorithm
from varmentaja.card.drivers import open_card
from varmentaja.card.generations import Family, generation, generation_by_atr, generation_of, generations
from varmentaja.card.transport import InProcessTransport
from varmentaja.domain.errors import DomainError
from varmentaja.domain.pins import current_generation, pin_rules


def test_the_current_generation_is_one_that_cards_are_made_of() -> None:
    assert generation(current_generation()).keys


def test_every_generation_has_pin_rules() -> None:
    for name in generations():
        assert pin_rules("professional", name).code_length in (7, 8)


@pytest.mark.parametrize(
    ("atr", "name"),
    [
        ("3BDD96008031FE450031B8640429ECC17394018082 48", "ideal-citiz-2"),
        ("3BDD96008031FE450031B8640429ECC17394018083 49", "cosmo-x"),
        ("3BDF96008031FE450031B8640429ECC17394018082 9000DA", ""),
        ("3BF51800008131FE454F7345494492", ""),
        ("", ""),
    ],
)
def test_real_cards_are_told_by_their_historical_bytes(atr: str, name: str) -> None:
    assert generation_by_atr(bytes.fromhex(atr)) == name


def test_a_card_of_ours_names_its_generation() -> None:
    contents = open_card(InProcessTransport(cards.finished_card())).read()
    assert generation_of(contents) == current_generation()


def test_an_old_chip_has_no_elliptic_curves() -> None:
    old = generation("2017")
    assert (old.family, old.line("ecc"), old.keys["rsa"]) == (Family.MYEID, "rsa", KeyAlgorithm.RSA_3072)
    assert generation("2020").line("ecc") == "ecc"


def test_a_chip_that_we_make_no_cards_of_has_no_line() -> None:
    with pytest.raises(DomainError):
        generation("cosmo-x").line("rsa")
    with pytest.raises(DomainError):
        generation("1999")
