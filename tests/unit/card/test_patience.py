# SPDX-License-Identifier: EUPL-1.2
"""Calls that wait inside PC/SC are left behind after a while, and what comes of them then is undone."""

from __future__ import annotations

import threading

import pytest

from varmentaja.card.driver import CardInUse
from varmentaja.card.patience import Patience

SECONDS = 20.0


@pytest.fixture
def free() -> threading.Event:
    """Set once the other program is done."""
    return threading.Event()


def waiting(free: threading.Event, undone: list[str], result: str | Exception = "begun") -> Patience:
    """A connection whose call has been left behind."""

    def call() -> str:
        free.wait(SECONDS)
        if isinstance(result, Exception):
            raise result
        return result

    patience = Patience(0.01)
    with pytest.raises(CardInUse):
        patience.call(call, undo=undone.append)
    return patience


def test_what_comes_in_time_is_returned_and_not_undone() -> None:
    undone: list[str] = []
    assert Patience(SECONDS).call(lambda: "begun", undo=undone.append) == "begun"
    assert undone == []


def test_an_error_in_time_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        Patience(SECONDS).call(lambda: 1 / 0, undo=print)


@pytest.mark.parametrize(("result", "expected"), [("begun", ["begun"]), (OSError(), [])])
def test_what_comes_late_is_undone_before_the_connection_ends(
    free: threading.Event, result: str | Exception, expected: list[str]
) -> None:
    undone: list[str] = []
    patience, over = waiting(free, undone, result), threading.Event()
    with pytest.raises(CardInUse):
        patience.call(lambda: "never asked", undo=undone.append)
    patience.finish(lambda: undone.append("closed"))
    patience.finish(over.set)
    assert (patience.is_waiting, undone) == (True, [])
    free.set()
    assert over.wait(SECONDS)
    assert undone == [*expected, "closed"]
    assert patience.call(lambda: "begun", undo=undone.append) == "begun"


def test_what_is_last_is_done_at_once_where_nothing_waits() -> None:
    done: list[str] = []
    Patience().finish(lambda: done.append("closed"))
    assert done == ["closed"]
