# SPDX-License-Identifier: EUPL-1.2
"""Identity codes: what is accepted, what each fault says, and that the separator is part of the code."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.fi import hetu

from varmentaja.domain.check_character import CHECK_CHARACTERS, check_character
from varmentaja.domain.errors import DomainError, Kind
from varmentaja.domain.identity_code import CENTURIES, IdentityCode

# Published test codes (domain facts 2.4), all of the artificial series.
PUBLISHED = [
    "010594Y9032", "010594Y9021", "020594X903P", "020594X902N", "030594W903B", "040594V9030", "050594U903M",
    "010516B903X", "020516C903K", "030516D9037", "010501E9032", "020502E902X", "020503F9037", "020504A902E",
    "010181-900C",
]  # fmt: skip


def make_code(born: date, separator: str, individual: int) -> str:
    digits = f"{born:%d%m%y}{individual:03d}"
    return f"{digits[:6]}{separator}{digits[6:]}{check_character(digits)}"


codes = st.builds(
    lambda day, separator, individual: make_code(
        date(CENTURIES[separator] + day.year % 100, 3, 1) + timedelta(days=day.day - 1), separator, individual
    ),
    st.dates(),
    st.sampled_from(sorted(CENTURIES)),
    st.integers(900, 999),
)


@pytest.mark.parametrize("text", PUBLISHED)
def test_published_test_codes_are_valid_and_artificial(text: str) -> None:
    code = IdentityCode.parse(text)
    assert str(code) == text
    assert code.is_artificial


def test_codes_that_differ_in_the_separator_are_two_people() -> None:
    assert IdentityCode.parse("100190-999P") != IdentityCode.parse("100190Y999P")
    assert len({IdentityCode.parse("100190-999P"), IdentityCode.parse("100190Y999P")}) == 2


@pytest.mark.parametrize(
    ("separator", "year"),
    [("+", 1890), *((c, 1990) for c in "-YXWVU"), *((c, 2090) for c in "ABCDEF")],
)
def test_each_separator_stands_for_its_century(separator: str, year: int) -> None:
    assert IdentityCode.parse(f"100190{separator}999P").birth_date == date(year, 1, 10)


@pytest.mark.parametrize(
    "typed",
    [
        "  010181-900c ",
        "\u00a0010181\u2011900c\n",
        *(f"010181{dash}900C" for dash in "\u2010\u2013\u2014\u2212\ufe63\uff0d"),
    ],
)
def test_what_people_type_is_read(typed: str) -> None:
    assert str(IdentityCode.parse(typed)) == "010181-900C"


@pytest.mark.parametrize(
    ("typed", "part"),
    [
        ("", "11 characters"),
        ("010181900C", "11 characters"),
        ("010181-9000C", "11 characters"),
        ("01O181-900C", "begins with the date"),
        ("٠١٠١٨١-900C", "begins with the date"),
        ("010181G900C", "separator “G”"),
        ("010181 900C", "separator"),
        ("310281-900C", "does not exist"),
        ("290201-900C", "does not exist"),
        ("010181-9A0C", "individual number"),
        ("010181-001C", "individual number"),
        ("010181-900D", "last character"),
        ("020181-900C", "last character"),
        ("010181-900G", "last character"),
    ],
)
def test_each_fault_is_named(typed: str, part: str) -> None:
    with pytest.raises(DomainError) as caught:
        IdentityCode.parse(typed)
    assert caught.value.kind is Kind.INVALID
    assert caught.value.field == "identity_code"
    assert part in str(caught.value.message)


def test_a_birth_date_in_the_future_is_refused_only_when_today_is_given() -> None:
    text = make_code(date(2026, 11, 24), "A", 900)
    assert IdentityCode.parse(text).birth_date == date(2026, 11, 24)
    assert IdentityCode.parse(text, today=date(2026, 11, 24))
    with pytest.raises(DomainError, match="in the future"):
        IdentityCode.parse(text, today=date(2026, 11, 23))


def test_an_invalid_code_cannot_be_made_without_parse_either() -> None:
    with pytest.raises(DomainError):
        IdentityCode("010181-900D")


def test_lists_and_logs_do_not_show_the_whole_code() -> None:
    code = IdentityCode.parse("010181-900C")
    assert code.masked() == "010181-****"
    assert "900C" not in repr(code)


@given(codes)
def test_agrees_with_an_independent_implementation(text: str) -> None:
    assert hetu.is_valid(text, allow_temporary=True)
    assert str(IdentityCode.parse(text)) == text


@given(codes, st.integers(0, 9), st.characters(codec="ascii"))
def test_one_wrong_digit_is_always_noticed(text: str, place: int, other: str) -> None:
    place = place if place < 6 else place + 1
    changed = text[:place] + other + text[place + 1 :]
    if not other.isdigit() or changed == text:
        return
    with pytest.raises(DomainError):
        IdentityCode.parse(changed)


@given(st.text(max_size=14))
def test_any_text_is_either_a_code_or_a_clear_refusal(text: str) -> None:
    try:
        code = IdentityCode.parse(text)
    except DomainError as refused:
        assert str(refused.message)
    else:
        assert hetu.is_valid(str(code), allow_temporary=True)


def test_the_check_table_has_no_letter_that_is_easily_misread() -> None:
    assert len(set(CHECK_CHARACTERS)) == 31
    assert not set("GIOQZ") & set(CHECK_CHARACTERS)
