# SPDX-License-Identifier: EUPL-1.2
"""What PINs and activation codes must look like."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from varmentaja.domain.data_files import load
from varmentaja.domain.errors import DomainError
from varmentaja.domain.pins import (
    PinLength,
    PinName,
    PinRules,
    check_activation_code,
    check_pin,
    current_generation,
    is_trivial,
    pin_rules,
)
from varmentaja.domain.products import ProductId

RULES = pin_rules("professional", current_generation())
# Organisation cards, as an example of a product whose two PINs differ (domain facts 1.6).
UNLIKE = PinRules(PinLength(4, 8), PinLength(6, 8), pin_tries=5, code_length=7, code_tries=5)


@pytest.mark.parametrize("name", PinName)
@pytest.mark.parametrize("pin", ["2580", "258036", "19902026", "1357", "9012"])
def test_good_pins_are_accepted(pin: str, name: PinName) -> None:
    assert check_pin(pin, name, RULES) is None


@pytest.mark.parametrize(
    ("pin", "part"),
    [
        ("258", "4 to 8 digits"),
        ("258036147", "4 to 8 digits"),
        ("", "digits only"),
        ("25a0", "digits only"),
        ("25 80", "digits only"),
        ("٢٥٨٠", "digits only"),
        ("0000", "too easy"),
        ("77777777", "too easy"),
        ("1234", "too easy"),
        ("23456789", "too easy"),
        ("9876", "too easy"),
        ("43210", "too easy"),
    ],
)
def test_bad_pins_are_refused_without_repeating_them(pin: str, part: str) -> None:
    refusal = check_pin(pin, PinName.PIN1, RULES)
    assert refusal is not None
    assert part in str(refusal)
    assert pin not in refusal.values.values()


def test_each_pin_has_its_own_length() -> None:
    assert check_pin("2580", PinName.PIN1, UNLIKE) is None
    assert str(check_pin("2580", PinName.PIN2, UNLIKE)) == "This PIN must have 6 to 8 digits."


def test_the_length_of_the_activation_code_is_the_generations() -> None:
    assert check_activation_code("12345678", RULES) is None
    assert check_activation_code("1234567", UNLIKE) is None
    assert "7 digits" in str(check_activation_code("12345678", UNLIKE))
    assert check_activation_code("1234567a", RULES) is not None
    assert pin_rules("professional", "citizen-2026").code_length == 7


@pytest.mark.parametrize("product", ProductId)
def test_every_product_has_rules_on_every_generation(product: str) -> None:
    for generation in load("chip_generations")["generations"]:
        rules = pin_rules(product, generation)
        assert 4 <= rules.pin1.min <= rules.pin1.max <= 8
        assert 4 <= rules.pin2.min <= rules.pin2.max <= 8
        assert 1 <= rules.pin_tries <= 15
        assert rules.code_length <= 8


def test_an_unknown_product_or_generation_has_no_rules() -> None:
    for pair in (("professional", "1999"), ("crown", current_generation())):
        with pytest.raises(DomainError):
            pin_rules(*pair)


@given(st.integers(0, 9), st.integers(2, 8))
def test_repeated_digits_are_trivial(digit: int, length: int) -> None:
    assert is_trivial(str(digit) * length)


@given(st.text("0123456789", min_size=2, max_size=8))
def test_only_repeats_and_runs_are_trivial(pin: str) -> None:
    run = "0123456789"
    assert is_trivial(pin) == (len(set(pin)) == 1 or pin in run or pin in run[::-1])
