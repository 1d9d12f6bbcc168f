# SPDX-License-Identifier: EUPL-1.2
"""Numbers of persons, professionals and businesses."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.fi import ytunnus

from varmentaja.domain.business_id import parse_business_id
from varmentaja.domain.check_character import check_character
from varmentaja.domain.electronic_id import parse_electronic_id
from varmentaja.domain.errors import DomainError
from varmentaja.domain.registration_number import parse_physician_code, parse_registration_number


@pytest.mark.parametrize("text", ["10011187H", " 10011187h ", "999004228", "12345678N"])
def test_published_electronic_ids_are_valid(text: str) -> None:
    assert parse_electronic_id(text) == text.strip().upper()


@given(st.integers(0, 99_999_999), st.integers(0, 7), st.integers(1, 9))
def test_one_wrong_digit_in_an_electronic_id_is_noticed(number: int, place: int, shift: int) -> None:
    digits = f"{number:08d}"
    check = check_character(digits)
    assert parse_electronic_id(digits + check) == digits + check
    wrong = digits[:place] + str((int(digits[place]) + shift) % 10) + digits[place + 1 :]
    with pytest.raises(DomainError, match="typing error"):
        parse_electronic_id(wrong + check)


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("0245437-2", "0245437-2"),
        ("245437-2", "0245437-2"),
        ("02454372", "0245437-2"),
        (" 0245437–2 ", "0245437-2"),
        ("0828618-9", "0828618-9"),
    ],
)
def test_business_ids_are_read(typed: str, number: str) -> None:
    assert parse_business_id(typed) == number


@given(st.integers(0, 99_999_999))
def test_business_ids_agree_with_an_independent_implementation(number: int) -> None:
    text = f"{number // 10:07d}-{number % 10}"
    if ytunnus.is_valid(text):
        assert parse_business_id(text) == text
    else:
        with pytest.raises(DomainError):
            parse_business_id(text)


def test_leading_zeros_are_kept() -> None:
    assert parse_registration_number(" 00198705840 ") == "00198705840"
    assert parse_physician_code("000018\n") == "000018"


@pytest.mark.parametrize(
    ("parse", "text", "field"),
    [
        (parse_electronic_id, "1001118H", "electronic_id"),
        (parse_business_id, "FI02454372", "business_id"),
        (parse_business_id, "0245437-3", "business_id"),
        (parse_registration_number, "198705840", "registration_number"),
        (parse_registration_number, "0019870584O", "registration_number"),
        (parse_physician_code, "٣٢٦٨٠٠", "physician_code"),
        (parse_physician_code, "0000181", "physician_code"),
    ],
)
def test_a_fault_names_its_field(parse: Callable[[str], str], text: str, field: str) -> None:
    with pytest.raises(DomainError) as caught:
        parse(text)
    assert caught.value.field == field
