# SPDX-License-Identifier: EUPL-1.2
"""What the window says of a card's status: as it is now, not as it was when the card was put in."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtWidgets import QWidget
from tests.support.reader_fakes import MemoryCard
from tests.unit.reader.window.conftest import opened

from varmentaja.card.driver import KeyRole
from varmentaja.domain.errors import unavailable
from varmentaja.reader.cards import InsertedCard
from varmentaja.reader.observed import Observed, Path, SeenCertificate, Standing
from varmentaja.reader.window import statuses


def observed(role_of: Standing) -> Observed:
    """What the service says of both certificates."""
    now = datetime.now(UTC)
    seen = SeenCertificate(now, now + timedelta(days=900), Path.TRUSTED, role_of)
    return Observed(now=now, readers=("Reader",), certificates=dict.fromkeys(KeyRole, seen))


class Issuer:
    """Says what it is told to say; ``asked`` counts."""

    def __init__(self) -> None:
        self.says: Standing | Exception = Standing.GOOD
        self.asked = 0

    def __call__(self, _: InsertedCard) -> Observed:
        self.asked += 1
        if isinstance(self.says, Exception):
            raise self.says
        return observed(self.says)


VALID, REVOKED = "Valid: its issuer says so just now.", "Revoked: this certificate can no longer be used."
NOBODY = "Its issuer could not be asked just now."


def test_a_card_that_is_revoked_while_it_lies_in_the_reader_shows_it_when_somebody_looks(
    memory_card: MemoryCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statuses, "FRESH", 0.0)
    issuer = Issuer()
    with opened(observe=issuer) as desk:
        desk.insert(memory_card)
        desk.wait_until(lambda: VALID in desk.texts)
        issuer.says = Standing.REVOKED
        desk.window.show()
        desk.wait_until(lambda: REVOKED in desk.texts)
        assert VALID not in desk.texts
        desk.window.close()


def test_a_window_that_stays_open_asks_again_now_and_then_and_a_hidden_one_does_not(
    memory_card: MemoryCard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statuses, "AGAIN", 0.05)
    issuer = Issuer()
    with opened(observe=issuer) as desk:
        desk.window.show()
        desk.insert(memory_card)
        desk.wait_until(lambda: VALID in desk.texts)
        issuer.says = Standing.REVOKED
        desk.wait_until(lambda: REVOKED in desk.texts)
        desk.window.hide()
        desk.wait_until(lambda: not desk.window.isVisible())
        before, end = issuer.asked, time.monotonic() + 0.5
        desk.wait_until(lambda: time.monotonic() > end)
        assert issuer.asked <= before + 1  # one may have been under way


@pytest.mark.parametrize("trouble", [unavailable("The service does not answer."), RuntimeError("a fault")])
def test_an_issuer_that_cannot_be_asked_is_said_and_asked_again_when_the_card_comes_back(
    memory_card: MemoryCard, trouble: Exception
) -> None:
    issuer = Issuer()
    issuer.says = trouble
    with opened(observe=issuer) as desk:
        desk.insert(memory_card)
        desk.wait_until(lambda: NOBODY in desk.texts)
        issuer.says = Standing.REVOKED
        desk.pull()
        desk.insert(memory_card)
        desk.wait_until(lambda: REVOKED in desk.texts)


def test_an_answer_that_is_the_same_leaves_the_page_as_it_is(memory_card: MemoryCard) -> None:
    issuer = Issuer()
    with opened(observe=issuer) as desk:
        desk.window.show()
        desk.insert(memory_card)
        desk.wait_until(lambda: VALID in desk.texts)
        page, asked = desk.window.findChild(QWidget, "page"), issuer.asked
        desk.window._statuses.ask_again(0.0)
        desk.wait_until(lambda: issuer.asked > asked)
        desk.look()
        assert desk.window.findChild(QWidget, "page") is page
