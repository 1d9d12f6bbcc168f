# SPDX-License-Identifier: EUPL-1.2
"""What was found lately stays while there is room, and never more than that."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from varmentaja.responder.lately import Lately

ROOM = 4


@given(st.lists(st.tuples(st.integers(0, 12), st.booleans())))
def test_it_never_lies_nor_grows_and_keeps_the_last_ones(steps: list[tuple[int, bool]]) -> None:
    lately, right, last = Lately[int, str](ROOM), dict[int, str](), list[int]()
    for count, (key, keeps) in enumerate(steps):
        found: str | None = None
        if keeps:
            right[key] = f"{count}"
            lately.keep(key, right[key])
        else:
            found = lately.get(key)
            assert found in (None, right.get(key))
            assert found is not None or key not in last[-ROOM:]
        if keeps or found is not None:  # what was forgotten is not remembered by asking
            last = [*(each for each in last if each != key), key]
        assert len(lately) <= 2 * ROOM


def test_what_is_asked_for_outlives_what_is_not() -> None:
    lately = Lately[int, str](ROOM)
    for number in range(20):
        lately.keep(number, "x")
        assert lately.get(0) == "x"
    assert lately.get(10) is None


def test_all_can_be_forgotten() -> None:
    lately = Lately[int, str](1)
    lately.keep(1, "x")
    lately.keep(2, "x")
    lately.forget()
    assert len(lately) == 0 and lately.get(1) is None and lately.get(2) is None
