# SPDX-License-Identifier: EUPL-1.2
"""Long lists by pages: each page starts at a key, never at a count of rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db.models import QuerySet

from varmentaja.domain.errors import not_found

T = TypeVar("T")

PAGE = 20
MOST = 100
"""Counts on overview pages stop here: nobody needs them exact, and counting a large table is slow."""


@dataclass(frozen=True)  # no slots: Python 3.11 cannot call the alias of a frozen generic that has them
class Page(Generic[T]):
    """One page of a list; ``next_key`` asks for the page after it, empty at the end."""

    lines: tuple[T, ...]
    next_key: str


def page_by_id(
    rows: QuerySet[Any], after: str, line: Callable[[Any], T], *, newest_first: bool = False
) -> Page[T]:
    """The rows that follow id ``after`` (empty: from the start), each made a line; raises not_found for a
    key that is none."""
    if after and not after.isdecimal():
        raise not_found("There is no such page of the list.")
    if after:
        rows = rows.filter(id__lt=int(after)) if newest_first else rows.filter(id__gt=int(after))
    found = list(rows.order_by("-id" if newest_first else "id")[: PAGE + 1])
    shown = found[:PAGE]
    return Page(tuple(map(line, shown)), str(shown[-1].pk) if len(found) > PAGE else "")


def is_any(rows: QuerySet[Any]) -> bool:
    """Whether there is one, looked for in the rows' order.

    ``exists`` drops the order, and PostgreSQL, where it takes what is sought for frequent, then goes through
    the table from its beginning: through millions of rows when there is none.
    """
    return bool(rows.values_list("pk")[:1])


def count_up_to(rows: QuerySet[Any]) -> int:
    """How many rows, at most MOST."""
    return len(rows.values_list("pk", flat=True)[:MOST])
