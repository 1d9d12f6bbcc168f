# SPDX-License-Identifier: EUPL-1.2
"""The products and their validity."""

from __future__ import annotations

from datetime import date

import pytest

from varmentaja.domain.errors import DomainError, Kind
from varmentaja.domain.products import LABELS, BoundTo, ProductId, last_day, product, products


def test_every_product_is_described() -> None:
    assert set(products()) == set(ProductId) == set(LABELS)
    for one in products().values():
        assert set(one.profiles) == {"auth", "sign", "logon"}
        assert one.source


def test_a_professional_card_is_bound_to_the_right_and_a_personnel_card_to_the_employment() -> None:
    assert product("professional").bound_to is BoundTo.RIGHT
    assert product("personnel").bound_to is BoundTo.EMPLOYMENT


def test_an_unknown_product_is_not_found() -> None:
    with pytest.raises(DomainError) as caught:
        product("crown")
    assert caught.value.kind is Kind.NOT_FOUND


@pytest.mark.parametrize(
    ("start", "years", "end"),
    [
        (date(2026, 11, 23), 5, date(2031, 11, 22)),
        (date(2026, 1, 1), 5, date(2030, 12, 31)),
        (date(2024, 2, 29), 5, date(2029, 2, 28)),
        (date(2024, 2, 29), 4, date(2028, 2, 28)),
        (date(2023, 3, 1), 5, date(2028, 2, 29)),
    ],
)
def test_a_validity_ends_the_day_before_its_anniversary(start: date, years: int, end: date) -> None:
    assert last_day(start, years) == end
