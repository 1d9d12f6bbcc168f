# SPDX-License-Identifier: EUPL-1.2
"""A question on the PIN pad gives people time: minutes, not seconds."""

from __future__ import annotations

import threading

import pytest
from tests.unit.reader.test_pages import ask

from varmentaja.card.driver import KeyRole
from varmentaja.reader import pad as pad_module
from varmentaja.reader.events import Events
from varmentaja.reader.pad import Pad
from varmentaja.reader.prompts import PinAnswer

TWO_MINUTES = 120.0


def test_a_question_waits_more_than_two_minutes_and_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    passed = [0.0]
    monkeypatch.setattr(pad_module.time, "monotonic", lambda: passed[0])
    pad = Pad(Events())  # as both programs make it
    thread, answers = ask(pad, KeyRole.AUTHENTICATION)
    passed[0] += TWO_MINUTES
    _let_look(thread)
    assert pad.pending is not None
    pad.answer(pad.pending.number, PinAnswer(0, "2580"))
    thread.join()
    assert answers == [PinAnswer(0, "2580")]

    thread, answers = ask(pad, KeyRole.AUTHENTICATION)
    passed[0] += pad_module.PATIENCE
    thread.join(20)
    assert answers == [None]


def _let_look(thread: threading.Thread) -> None:
    """The waiting thread looks at the clock several times meanwhile."""
    thread.join(5 * pad_module._POLL)
    assert thread.is_alive()
