# SPDX-License-Identifier: EUPL-1.2
"""The reader program with real virtual cards: from a fresh card to a sign-in and a signed document."""

from __future__ import annotations

import base64
import json
import os
import threading
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from tests.support.answers import sign_answers
from tests.support.cards import CODE, GENERATION, PIN1, PIN2, S4_2, SERIAL
from tests.support.pki import Demo
from typer.testing import CliRunner

from varmentaja import config
from varmentaja.card.driver import PinRole
from varmentaja.card.drivers import open_card
from varmentaja.card.host_client import CardHostClient
from varmentaja.domain.errors import DomainError
from varmentaja.pki.ocsp import CertIdHash, CertificateStatus
from varmentaja.pki.serials import serial_text
from varmentaja.reader.cli import reader_app
from varmentaja.reader.control_client import ReaderControl
from varmentaja.reader.program import ADDRESS_FILE, ReaderProgram, ReaderSettings
from varmentaja.relying_party import RelyingParty, read_answer

ORIGIN = "http://localhost:8000"


def good(demo: Demo, request: bytes) -> bytes:
    """The responder's answer "good" about whatever was asked."""
    serial = serial_text(x509.ocsp.load_der_ocsp_request(request).serial_number)
    return sign_answers(
        demo.hierarchy.authority_for("professionals", "ecc"),
        [CertificateStatus(serial)],
        demo.store,
        name=CertIdHash.SHA256,
        this_update=demo.now,
        next_update=demo.now + timedelta(hours=48),
    )


def sign(
    program: ReaderProgram, content: bytes, usage: str, version: str = "1.2"
) -> tuple[threading.Thread, list[dict[str, Any]]]:
    """What a page does: ask SCS, and wait for the person."""
    request = {
        "version": version,
        "selector": {"keyusages": [usage]},
        "content": base64.b64encode(content).decode(),
        "hashAlgorithm": "SHA384",
    }
    answers: list[dict[str, Any]] = []

    def post() -> None:
        answer = httpx.post(f"{program.scs.url}/sign", json=request, headers={"Origin": ORIGIN}, timeout=60)
        answers.append(answer.json())

    thread = threading.Thread(target=post)
    thread.start()
    return thread, answers


def give_pin(control: ReaderControl, *pins: str) -> Mapping[str, Any]:
    """Type PINs as they are asked; the first question."""
    questions = []
    for pin in pins:
        questions.append(control.wait_for_question())
        control.answer(questions[-1]["number"], pin)
    return questions[0]


@pytest.fixture
def activated(control: ReaderControl) -> ReaderControl:
    control.insert(SERIAL)
    control.activate(CODE, PIN1, PIN2)
    return control


EACH_FAMILY = pytest.mark.parametrize("card_host", [GENERATION, S4_2], indirect=True)


@EACH_FAMILY
def test_from_a_fresh_card_to_sign_in_and_signature(
    program: ReaderProgram, control: ReaderControl, demo: Demo
) -> None:
    assert [card["card"] for card in control.state()["cards"]] == [SERIAL]
    assert httpx.get(f"{program.scs.url}/version").json()["hashAlgorithms"] == ""
    contents = control.insert(SERIAL)["slots"][0]["contents"]
    assert not contents["is_activated"]
    assert httpx.get(f"{program.scs.url}/version").json()["hashAlgorithms"] != ""
    assert control.activate(CODE, PIN1, PIN2)["slots"][0]["contents"]["is_activated"]

    party = RelyingParty(
        demo.hierarchy, lambda _, request: good(demo, request), ORIGIN, os.urandom(32), demo.lists()
    )
    now = demo.now + timedelta(seconds=30)
    challenge = party.challenge(now=now, random=os.urandom).content
    thread, answers = sign(program, challenge, "digitalSignature")
    asked = give_pin(control, PIN1)
    thread.join()
    assert asked["asker"] == ORIGIN
    person = party.sign_in(challenge, read_answer(answers[0]), now=now)
    assert person.facts.title == "laillistettu lääkäri"

    thread, answers = sign(program, b"a prescription", "nonRepudiation")
    give_pin(control, PIN2)
    thread.join()
    assert len(answers[0]["chain"]) == 3
    verified = party.check_document(b"a prescription", read_answer(answers[0]), now=now)
    assert verified.profile == "professional-sign"


def test_a_program_that_is_set_to_1_3_says_so_and_signs_by_its_rules(
    card_host: CardHostClient, tmp_path: Path, demo: Demo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VARMENTAJA_SCS_VERSION", "1.3")
    chosen = config.reader_settings()
    program = ReaderProgram(
        ReaderSettings(
            tmp_path / "run", tmp_path / "run" / "cardhost.sock", 0, (0,), scs_version=chosen.scs_version
        )
    )
    control = ReaderControl.running(tmp_path / "run")
    control.insert(SERIAL)
    control.activate(CODE, PIN1, PIN2)
    told = httpx.get(f"{program.scs.url}/version").json()
    assert (told["version"], told["applicationOIDs"]) == ("1.3", "")
    party = RelyingParty(
        demo.hierarchy, lambda _, request: good(demo, request), ORIGIN, os.urandom(32), demo.lists()
    )
    now = demo.now + timedelta(seconds=30)
    challenge = party.challenge(now=now, random=os.urandom).content
    thread, answers = sign(program, challenge, "digitalSignature", version=told["version"])
    give_pin(control, PIN1)
    thread.join()
    assert answers[0]["version"] == "1.3"
    assert party.sign_in(challenge, read_answer(answers[0]), now=now).nonce
    thread, answers = sign(program, challenge.replace(b";", b"#"), "digitalSignature", version="1.3")
    thread.join()
    assert answers[0]["problem"] == "wrong_origin"
    program.close()


@EACH_FAMILY
def test_a_wrong_pin_is_asked_again_and_five_lock_it(
    program: ReaderProgram, activated: ReaderControl
) -> None:
    thread, answers = sign(program, b"x", "nonRepudiation")
    give_pin(activated, "864209", PIN2)
    thread.join()
    assert answers[0]["status"] == "ok"
    thread, answers = sign(program, b"x", "nonRepudiation")
    give_pin(activated, *["864209"] * 5)
    thread.join()
    assert answers[0]["problem"] == "pin_locked"
    assert activated.state()["slots"][0]["contents"]["pins"]["pin2"]["tries_left"] == 0
    activated.unlock("pin2", CODE, "975310")
    thread, answers = sign(program, b"x", "nonRepudiation")
    give_pin(activated, "975310")
    thread.join()
    assert answers[0]["status"] == "ok"


@pytest.mark.parametrize("card_host", [S4_2], indirect=True)
def test_an_activation_that_was_interrupted_can_be_continued(
    program: ReaderProgram, control: ReaderControl, card_host: CardHostClient
) -> None:
    """PIN 1 was set, PIN 2 was not: such a card answers as if PIN 2 were locked."""
    transport = card_host.connect(SERIAL)
    open_card(transport).unblock(PinRole.AUTHENTICATION, CODE, PIN1)
    transport.close()
    card_host.pull(SERIAL)
    control.insert(SERIAL)
    words = "The PIN is locked or has not been set yet. Set it with your activation code."
    page = httpx.get(f"{program.pages.url}/en/").text
    assert words in page and "/en/1/unlock/pin2" in page and "/en/1/change/pin2" not in page
    assert f"PIN 2: {words}" in CliRunner().invoke(reader_app, ["show", "--language", "en"]).output
    found = next(each for each in control.diagnose("1").findings if each.name == "pins")
    assert "is locked or has not been set yet" in str(found.text)
    control.unlock("pin2", CODE, PIN2)
    thread, answers = sign(program, b"x", "nonRepudiation")
    give_pin(control, PIN2)
    thread.join()
    assert answers[0]["status"] == "ok"


def test_a_card_whose_code_is_locked_is_offered_no_activation(
    program: ReaderProgram, control: ReaderControl
) -> None:
    control.insert(SERIAL)
    for _ in range(5):
        with pytest.raises(DomainError):
            control.activate("00000000", PIN1, PIN2)
    done = CliRunner().invoke(reader_app, ["activate", "--language", "en"])
    assert (done.exit_code, "new card" in done.output) == (6, True)
    assert "Activation code (from the letter)" not in done.output


def test_a_card_pulled_while_the_pin_is_asked_ends_the_question(
    program: ReaderProgram, activated: ReaderControl
) -> None:
    thread, answers = sign(program, b"x", "nonRepudiation")
    activated.wait_for_question()
    state = activated.pull()
    thread.join(10)
    assert answers[0]["problem"] == "card_removed"
    assert state["slots"][0]["contents"] is None
    assert activated.state()["asked"] is None


def test_a_card_that_its_host_takes_away_is_noticed(
    program: ReaderProgram, activated: ReaderControl, card_host: CardHostClient
) -> None:
    card_host.pull(SERIAL)
    program.reader.look()
    assert activated.state()["slots"][0]["card"] is None
    assert httpx.get(f"{program.scs.url}/version").json()["hashAlgorithms"] == ""
    assert activated.insert(SERIAL)["slots"][0]["contents"]["is_activated"]


def test_errors_come_back_with_their_texts_and_fields(control: ReaderControl) -> None:
    with pytest.raises(DomainError, match="removed"):
        control.activate(CODE, PIN1, PIN2)
    control.insert(SERIAL)
    with pytest.raises(DomainError, match="4 tries left") as error:
        control.activate("00000000", PIN1, PIN2)
    assert error.value.field == "code"
    with pytest.raises(DomainError, match="digits") as error:
        control.activate(CODE, "1111", PIN2)
    assert error.value.field == "pin1"
    with pytest.raises(DomainError, match="in the reader already"):
        control.insert(SERIAL)


def test_the_control_interface_needs_its_token(program: ReaderProgram, tmp_path: Path) -> None:
    assert httpx.get(f"{program.pages.url}/api/state").status_code == 401
    wrong = {"Authorization": "Bearer wrong"}
    assert httpx.post(f"{program.pages.url}/api/pull", headers=wrong, json={}).status_code == 401
    assert (tmp_path / "run" / ADDRESS_FILE).stat().st_mode & 0o077 == 0


@pytest.fixture(autouse=True)
def state_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Settings of this test's own folder, forgotten afterwards."""
    monkeypatch.setenv("VARMENTAJA_STATE", str(tmp_path))
    config.settings.cache_clear()
    yield
    config.settings.cache_clear()


@pytest.fixture
def command(program: ReaderProgram) -> CliRunner:
    """The command line, with the program running."""
    assert program.pages.port
    return CliRunner()


def pin_fd(**values: str) -> str:
    """A pipe that holds the PINs, as a script would pass it."""
    read, write = os.pipe()
    os.write(write, json.dumps(values).encode() + b"\n")
    os.close(write)
    return str(read)


def test_a_card_is_activated_and_kept_on_the_command_line(command: CliRunner) -> None:
    assert SERIAL in command.invoke(reader_app, ["list", "--language", "en"]).output
    assert command.invoke(reader_app, ["insert", SERIAL, "--language", "en"]).exit_code == 0
    shown = command.invoke(reader_app, ["show", "--language", "en"]).output
    assert "Not activated" in shown
    result = command.invoke(
        reader_app,
        ["activate", "--language", "en", "--pin-fd", pin_fd(code=CODE, pin1=PIN1, pin2=PIN2)],
    )
    assert "The card is activated." in result.output
    shown = command.invoke(reader_app, ["show", "--language", "en"]).output
    assert "laillistettu lääkäri" in shown
    assert shown.count("Its issuer could not be asked just now.") == 2  # this program knows of no issuers
    assert "PIN 1: 5 tries left." in shown
    wrong = ["change-pin", "pin1", "--language", "en", "--pin-fd", pin_fd(old="1357", new="8642")]
    result = command.invoke(reader_app, wrong)
    assert (result.exit_code, "4 tries left" in result.output) == (3, True)
    right = ["change-pin", "pin1", "--language", "en", "--pin-fd", pin_fd(old=PIN1, new="8642")]
    assert command.invoke(reader_app, right).exit_code == 0
    verify = ["verify", "pin1", "--language", "en", "--pin-fd"]
    result = command.invoke(reader_app, [*verify, pin_fd(old=PIN1)])
    assert (result.exit_code, "4 tries left" in result.output) == (3, True)
    result = command.invoke(reader_app, [*verify, pin_fd(old="8642")])
    assert (result.exit_code, result.output) == (0, "4 tries left.\nThe PIN is right.\n")
    unlock = ["unlock", "pin1", "--language", "en", "--pin-fd"]
    assert command.invoke(reader_app, [*unlock, pin_fd(code="11223344", new=PIN1)]).exit_code == 3
    result = command.invoke(reader_app, [*unlock, pin_fd(code=CODE, new=PIN1)])
    assert (result.exit_code, result.output) == (0, "4 tries left.\nThe new PIN is in use.\n")
    assert command.invoke(reader_app, ["pull", "--language", "en"]).exit_code == 0


def test_typed_pins_are_asked_twice_and_never_shown(command: CliRunner) -> None:
    command.invoke(reader_app, ["insert", SERIAL, "--language", "en"])
    typed = f"{CODE}\n{PIN1}\n{PIN1}\n{PIN2}\n{PIN2}\n"
    result = command.invoke(reader_app, ["activate", "--language", "en"], input=typed)
    assert "The card is activated." in result.output
    assert PIN2 not in result.output
    assert CODE not in result.output


@pytest.mark.parametrize("arguments", [["show"], ["activate", "--pin-fd", "0"], ["pull"]])
def test_an_empty_reader_is_an_error_that_is_told(command: CliRunner, arguments: list[str]) -> None:
    result = command.invoke(reader_app, [*arguments, "--language", "en"])
    assert result.exit_code in (6, 7)
    assert "reader" in result.output


def test_a_script_answers_the_pin_pad(
    program: ReaderProgram, activated: ReaderControl, command: CliRunner
) -> None:
    thread, answers = sign(program, b"x", "nonRepudiation")
    for pin, told in (("864209", "5 tries left."), (PIN2, "PIN 2 was wrong. 4 tries left.")):
        result = command.invoke(reader_app, ["answer", "--language", "en", "--pin-fd", pin_fd(pin=pin)])
        assert result.exit_code == 0, result.output
        assert f"Who asks: {ORIGIN}\n" in result.output
        assert "1. Signing documents (PIN 2): Aino Maria Äijälä." in result.output
        assert told in result.output
        assert pin not in result.output
    thread.join()
    assert answers[0]["status"] == "ok"
    nobody = command.invoke(
        reader_app, ["answer", "--timeout", "0", "--language", "en", "--pin-fd", pin_fd(pin=PIN2)]
    )
    assert (nobody.exit_code, "No program asked for a PIN." in nobody.output) == (7, True)


def test_a_program_that_does_not_run_is_told() -> None:
    result = CliRunner().invoke(reader_app, ["show", "--language", "en"])
    assert result.exit_code == 7
    assert "not running" in result.output
