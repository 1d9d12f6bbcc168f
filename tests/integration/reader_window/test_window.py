# SPDX-License-Identifier: EUPL-1.2
"""The program's window on a real screen, over pcscd and vpcd, by real key presses."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.integration.reader_window.conftest import scs
from tests.support.cards import CODE, PIN1, PIN2
from tests.support.desktop import wait_until
from tests.support.pcsc import Pcsc
from tests.support.reader_window import (
    ACTIVATION,
    ERROR,
    HOME,
    PIN_ASKED,
    SIGN_IN,
    Program,
    memory,
    require_signed,
    spent,
)

from varmentaja.domain.errors import message
from varmentaja.reader.texts import say

pytestmark = [pytest.mark.pcsc, pytest.mark.xdist_group("pcsc")]

Start = Callable[..., Program]


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_a_fresh_card_is_activated_by_keys_alone(
    start: Start, pcsc: Pcsc, fresh_card: str, language: str
) -> None:
    program = start(language)
    program.desktop.picture(f"no-card-{language}")
    pcsc.insert(fresh_card)
    program.wait_for(ACTIVATION)
    program.enter(CODE, PIN1, PIN1)
    program.desktop.type("1234")
    program.desktop.picture(f"activation-{language}")
    program.desktop.press("ctrl+a")
    program.enter(PIN2, PIN2)
    wait_until(lambda: program.is_activated(fresh_card), lambda: "the activated card")
    program.wait_for(HOME)
    program.desktop.picture(f"activated-{language}")
    assert program.end() == 0


def test_a_wrong_code_costs_one_try_and_the_new_pins_stay_typed(start: Start, fresh_card: str) -> None:
    program = start()
    program.pcsc.insert(fresh_card)
    program.wait_for(ACTIVATION)
    program.enter("11223344", PIN1, PIN1, PIN2, PIN2)
    program.wait_for(ERROR)
    program.desktop.picture("wrong-code-en")
    program.enter(CODE)
    program.desktop.press("Return", "Return", "Return", "Return")
    wait_until(lambda: program.is_activated(fresh_card), lambda: "the activated card")


def test_slips_of_typing_cost_no_try(start: Start, fresh_card: str) -> None:
    program = start()
    program.pcsc.insert(fresh_card)
    program.wait_for(ACTIVATION)
    program.enter(CODE, PIN1, "2581", PIN2, PIN2)
    program.wait_for(ERROR)
    assert not program.is_activated(fresh_card)
    assert tries_of_the_code(program.pcsc, fresh_card) == 5


def test_a_pin_is_changed_locked_and_unlocked_by_keys(start: Start, fresh_card: str) -> None:
    program = start()
    program.activate(fresh_card)
    program.desktop.press("Return")  # the first button changes PIN 1
    program.wait_for(message("Change PIN 1"))
    program.enter(PIN1, "3691", "3691")
    program.wait_for(HOME)
    program.desktop.press("Tab", "Return")
    program.wait_for(message("Check PIN 1"))
    for tries_left in (4, 3, 2, 1, 0):
        program.enter("999999")
        wait_until(
            lambda left=tries_left: program.pcsc.tries_of(1) == left,  # type: ignore[misc]  # bound now
            lambda left=tries_left: f"{left} tries",  # type: ignore[misc]  # bound now
        )
        program.wait_for(ERROR)
        program.desktop.picture(f"check-{tries_left}-en")
    program.desktop.press("Escape")
    program.wait_for(HOME)
    program.desktop.picture("locked-en")
    program.desktop.press("Return")
    program.wait_for(message("Set a new PIN 1"))
    program.enter(CODE, PIN1, PIN1)
    program.wait_for(HOME)
    assert program.pcsc.tries_of(1) == 5


def test_a_card_that_is_pulled_takes_its_form_away(start: Start, pcsc: Pcsc, fresh_card: str) -> None:
    program = start()
    pcsc.insert(fresh_card)
    program.wait_for(ACTIVATION)
    program.enter(CODE, PIN1)
    pcsc.pull(fresh_card)
    program.wait_for(HOME)
    program.desktop.picture("pulled-en")
    program.activate(fresh_card)


def test_a_page_gets_its_signature_when_the_pin_is_typed(start: Start, pcsc: Pcsc, fresh_card: str) -> None:
    program = start()
    program.activate(fresh_card)
    request = scs(pcsc, SIGN_IN)
    program.wait_for(PIN_ASKED)
    program.desktop.picture("question-en")
    program.enter("9999")
    program.wait_for(ERROR)
    program.enter(PIN1)
    answer = json.loads(request.communicate(timeout=60)[0])
    require_signed(answer)


def test_escape_says_no_to_a_page(start: Start, pcsc: Pcsc, fresh_card: str) -> None:
    program = start()
    program.activate(fresh_card)
    request = scs(pcsc, SIGN_IN)
    program.wait_for(PIN_ASKED)
    program.desktop.press("Escape")
    answer = json.loads(request.communicate(timeout=60)[0])
    assert answer["status"] == "failed", answer
    assert pcsc.tries_of(1) == 5
    program.wait_for(HOME)


def test_a_page_that_closes_takes_its_question_away(start: Start, pcsc: Pcsc, fresh_card: str) -> None:
    program = start()
    program.activate(fresh_card)
    request = scs(pcsc, SIGN_IN)
    program.wait_for(PIN_ASKED)
    program.desktop.type(PIN1)
    request.kill()
    request.wait()
    program.wait_for(HOME)
    assert pcsc.tries_of(1) == 5  # a verified PIN would answer 9000, without tries


def test_a_card_that_another_program_holds_waits_until_it_is_free(
    start: Start, pcsc: Pcsc, fresh_card: str
) -> None:
    pcsc.insert(fresh_card)
    with pcsc.holding(exclusive=True):
        program = start()
        page = scs(pcsc, SIGN_IN)
        assert json.loads(page.communicate(timeout=60)[0])["reasonText"], "there is no card for anybody"
        program.desktop.picture("held-en")
        assert say(HOME, "en") in program.desktop.title()
    program.wait_for(ACTIVATION)


def test_a_card_pulled_while_it_is_activated_is_activated_when_it_comes_back(
    start: Start, pcsc: Pcsc, fresh_card: str
) -> None:
    program = start()
    pcsc.insert(fresh_card)
    program.wait_for(ACTIVATION)
    program.enter(CODE, PIN1, PIN1, PIN2)
    program.desktop.type(PIN2)
    program.desktop.press("Return")
    pcsc.pull(fresh_card)  # at once: it may have set none of the PINs, one, or both
    program.wait_for(HOME)
    if program.is_activated(fresh_card):
        return
    program.activate(fresh_card)


def test_the_help_key_examines_card_and_reader_and_escape_comes_back(start: Start, fresh_card: str) -> None:
    program = start()
    program.activate(fresh_card)
    program.desktop.press("F1")
    program.wait_for(message("What is wrong with my card?"))
    program.desktop.picture("diagnosis-en")
    program.desktop.press("Escape")
    program.wait_for(HOME)


def test_what_is_typed_stands_in_no_file_and_no_list_of_processes(start: Start, fresh_card: str) -> None:
    program = start()
    program.activate(fresh_card)
    process = Path(f"/proc/{program.pid}")
    limits = (process / "limits").read_text()
    assert any(line.split()[:6] == ["Max", "core", "file", "size", "0", "0"] for line in limits.splitlines())
    seen = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
    assert program.end() == 0
    seen += program.log.read_bytes()
    for secret in (CODE, PIN1, PIN2):
        assert secret.encode() not in seen


def test_an_idle_program_costs_next_to_nothing(start: Start, fresh_card: str) -> None:
    """At most 1 % of a core and 150 MB of memory for the whole process tree, with a card inserted."""
    program = start()
    program.activate(fresh_card)
    wait_until(lambda: spent_over(program.pid, 1.0) == 0.0, lambda: "the program to come to rest")
    assert spent_over(program.pid, 4.0) <= 0.01 * 4.0
    assert memory(program.pid) <= 150


def test_a_second_start_brings_the_first_window_to_the_front(start: Start) -> None:
    program = start()
    program.desktop.minimise()
    wait_until(lambda: not program.desktop.title(), lambda: "no window")
    second = program.start_again()
    assert second.returncode == 0
    assert "open already" in second.stdout
    program.wait_for(HOME)
    assert program.process.poll() is None


def test_a_program_that_was_killed_does_not_keep_the_next_one_out(start: Start) -> None:
    program = start()
    program.process.kill()
    program.process.wait()
    assert start().end() == 0


def spent_over(pid: int, seconds: float) -> float:
    """Seconds of processor time that the tree takes within so many seconds."""
    before = spent(pid)
    time.sleep(seconds)
    return spent(pid) - before


def tries_of_the_code(pcsc: Pcsc, serial: str) -> int:
    """As told by either PIN; read from the card's file."""
    document = json.loads((pcsc.folder / "cards" / f"{serial}.json").read_text())
    return min(int(pin["code_tries_left"]) for pin in document["pins"].values())
