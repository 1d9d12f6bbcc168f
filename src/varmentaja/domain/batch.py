# SPDX-License-Identifier: EUPL-1.2
"""Many done together: what goes wrong with one is its result, and the others go on."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from varmentaja.domain.errors import DomainError

T = TypeVar("T")
U = TypeVar("U")


def attempt(step: Callable[[T], U], given: T) -> U | DomainError:
    """The step's result, or its error as a value."""
    try:
        return step(given)
    except DomainError as error:
        return error


def go_on(
    results: Sequence[T | DomainError], step: Callable[[list[T]], Iterable[U | DomainError]]
) -> list[U | DomainError]:
    """Give ``step`` all that went well at once; its results stand in their places among the errors."""
    done = iter(list(step([result for result in results if not isinstance(result, DomainError)])))
    return [result if isinstance(result, DomainError) else next(done) for result in results]


def all_of(results: Sequence[T | DomainError]) -> list[T]:
    """The results when all are needed; raises the first error among them."""
    for result in results:
        if isinstance(result, DomainError):
            raise result
    return [result for result in results if not isinstance(result, DomainError)]


def only(results: Sequence[T | DomainError]) -> T:
    """The result of a batch of one; raises its error."""
    (result,) = all_of(results)
    return result
