# SPDX-License-Identifier: EUPL-1.2
"""What the windowed program leaves on a card, with both drivers, two cards and a card service that dies."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from tests.integration.reader_window.conftest import scs
from tests.support.cards import CODE, PIN1, PIN2, S4_2
from tests.support.desktop import wait_until
from tests.support.pcsc import Pcsc
from tests.support.reader_window import ERROR, HOME, PIN_ASKED, SIGN_IN, Program, require_signed

from varmentaja.card.driver import PinRole
from varmentaja.card.drivers import open_card
from varmentaja.card.generations import Family
from varmentaja.card.layout import LAYOUTS, pad_pin
from varmentaja.domain.errors import DomainError, message
from varmentaja.reader.service_link import VERSIONS_PATH

pytestmark = [pytest.mark.pcsc, pytest.mark.xdist_group("pcsc")]

Start = Callable[..., Program]
PIN1_OF_MYEID = LAYOUTS[Family.MYEID].pins[PinRole.AUTHENTICATION]
PIN1_OF_S4_2 = LAYOUTS[Family.S4_2].pins[PinRole.AUTHENTICATION]


@pytest.fixture
def card(pcsc: Pcsc, fresh_card: str) -> str:
    """A card that its holder has activated, beside the reader."""
    transport = pcsc.host.connect(fresh_card)
    open_card(transport).activate(CODE, PIN1, PIN2)
    transport.close()
    pcsc.host.pull(fresh_card)
    return fresh_card


def test_a_pin_that_stands_verified_is_seen_by_who_asks(pcsc: Pcsc, card: str) -> None:
    """So that the tests below could fail."""
    pcsc.insert(card)
    verify = f"002000{PIN1_OF_MYEID:02x}08{pad_pin(PIN1).hex()}"
    with pcsc.holding():
        assert pcsc.ask(verify) == ["9000"]
        time.sleep(1.0)
        assert pcsc.tries_of(PIN1_OF_MYEID) is None


def test_a_signature_leaves_no_pin_verified(start: Start, pcsc: Pcsc, card: str) -> None:
    program = start()
    program.insert(card)
    request = scs(pcsc, SIGN_IN)
    program.wait_for(PIN_ASKED)
    program.enter(PIN1)
    require_signed(json.loads(request.communicate(timeout=60)[0]))
    assert pcsc.tries_of(PIN1_OF_MYEID) == 5
    assert program.process.poll() is None


def test_a_program_that_is_ended_between_pin_and_signature_finishes_first(
    start: Start, pcsc: Pcsc, card: str
) -> None:
    program = start()
    program.insert(card)
    request = scs(pcsc, SIGN_IN)
    program.wait_for(PIN_ASKED)
    with pcsc.holding():
        with pcsc.slow_card("22") as waits:
            program.enter(PIN1)
            wait_until(waits.exists, lambda: "the card at work")
            program.process.send_signal(signal.SIGTERM)
        assert program.end() == 0
        request.wait(60)
        assert pcsc.tries_of(PIN1_OF_MYEID) == 5


def test_a_program_killed_between_pin_and_signature_leaves_no_pin_verified(
    start: Start, pcsc: Pcsc, card: str
) -> None:
    program = start()
    program.insert(card)
    scs(pcsc, SIGN_IN)
    program.wait_for(PIN_ASKED)
    with pcsc.holding():
        with pcsc.slow_card("22") as waits:  # MANAGE SECURITY ENVIRONMENT, right after VERIFY
            program.enter(PIN1)
            wait_until(waits.exists, lambda: "the card at work")
            program.process.kill()
            program.process.wait()
        # The card service resets a card whose program is gone with a transaction begun.
        wait_until(lambda: pcsc.tries_of(PIN1_OF_MYEID) == 5, lambda: "a card with nothing verified")


@pytest.mark.parametrize("fresh_card", [S4_2], indirect=True)
def test_a_card_of_the_other_family_is_activated_signs_is_locked_and_opened(
    start: Start, pcsc: Pcsc, fresh_card: str
) -> None:
    program = start()
    program.activate(fresh_card)
    request = scs(pcsc, SIGN_IN)
    program.wait_for(PIN_ASKED)
    program.enter("9999")
    program.wait_for(ERROR)
    assert pcsc.tries_of(PIN1_OF_S4_2) == 4
    program.enter(PIN1)
    require_signed(json.loads(request.communicate(timeout=60)[0]))
    assert pcsc.tries_of(PIN1_OF_S4_2) == 5
    request = scs(pcsc, SIGN_IN)
    program.wait_for(PIN_ASKED)
    for tries_left in (4, 3, 2, 1, 0):
        program.enter("9999")
        wait_until(lambda: pcsc.tries_of(PIN1_OF_S4_2) == tries_left, lambda: f"{tries_left} tries")  # noqa: B023
    assert json.loads(request.communicate(timeout=60)[0])["problem"] == "pin_locked"
    program.wait_for(HOME)
    program.desktop.press("Return")  # the first button sets a new PIN 1
    program.wait_for(message("Set a new PIN 1"))
    program.enter(CODE, PIN1, PIN1)
    program.wait_for(HOME)
    assert pcsc.tries_of(PIN1_OF_S4_2) == 5


def test_a_card_service_that_is_killed_and_started_again_is_found_again(
    start: Start, pcsc: Pcsc, card: str
) -> None:
    program = start()
    program.insert(card)
    pcsc.kill_service()
    wait_until(lambda: not program.has_card(), lambda: "a program without a card")
    program.desktop.picture("no-service-en")
    assert program.process.poll() is None
    pcsc.start_service()
    with suppress(DomainError):  # the host may not have noticed yet that the reader went away
        pcsc.host.pull(card)
    program.insert(card)
    request = scs(pcsc, SIGN_IN)
    program.wait_for(PIN_ASKED)
    program.enter(PIN1)
    require_signed(json.loads(request.communicate(timeout=60)[0]))


def test_the_list_of_versions_is_fetched_though_there_is_no_card(
    start: Start, pcsc: Pcsc, tmp_path: Path
) -> None:
    log = (tmp_path / "portal.log").open("wb")
    portal = pcsc.start([sys.executable, "-m", "http.server", "8010", "--bind", "127.0.0.1"], stderr=log)
    start(VARMENTAJA_PUBLIC_URL="http://127.0.0.1:8010")
    asked = f"GET {VERSIONS_PATH} "
    wait_until(lambda: asked in (tmp_path / "portal.log").read_text(), lambda: "a question for the list")
    portal.kill()
    portal.wait()
    log.close()
