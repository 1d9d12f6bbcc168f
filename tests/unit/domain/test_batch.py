# SPDX-License-Identifier: EUPL-1.2
"""A batch keeps its errors in their places."""

from __future__ import annotations

import pytest

from varmentaja.domain.batch import all_of, attempt, go_on, only
from varmentaja.domain.errors import DomainError, conflict, invalid


def _half(number: int) -> int:
    if number % 2:
        raise invalid("An odd number.")
    return number // 2


def test_an_attempt_gives_the_result_or_the_error() -> None:
    assert attempt(_half, 4) == 2
    assert isinstance(attempt(_half, 3), DomainError)


def test_what_went_well_goes_on_together_and_errors_keep_their_places() -> None:
    wrong = conflict("Taken.")
    asked: list[list[int]] = []

    def double(numbers: list[int]) -> list[int | DomainError]:
        asked.append(numbers)
        return [number * 2 for number in numbers]

    results: list[int | DomainError] = [1, wrong, 3]
    assert go_on(results, double) == [2, wrong, 6]
    assert asked == [[1, 3]]


def test_the_first_error_is_raised_where_all_are_needed() -> None:
    first, second = conflict("First."), conflict("Second.")
    with pytest.raises(DomainError, match="First"):
        all_of([1, first, second])
    assert all_of([1, 2]) == [1, 2]


def test_a_batch_of_one_is_its_result_or_raises() -> None:
    assert only([7]) == 7
    with pytest.raises(DomainError, match="Taken"):
        only([conflict("Taken.")])
    with pytest.raises(ValueError):
        only([1, 2])
