# SPDX-License-Identifier: EUPL-1.2
"""Websites' signatures with cards in the system's readers: two at once, and with OpenSC at work beside."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from tests.support.cards import CODE, PIN1, PIN2
from tests.support.pcsc import MODULE, Pcsc
from tests.support.reader_window import require_signed

from varmentaja.card.driver import KeyAlgorithm, PinRole
from varmentaja.card.drivers import open_card
from varmentaja.card.generations import Family
from varmentaja.card.layout import LAYOUTS

pytestmark = [pytest.mark.pcsc, pytest.mark.xdist_group("pcsc")]

SERIALS = (f"{0xC0:020X}", f"{0xC1:020X}")
PIN1_REFERENCE = LAYOUTS[Family.MYEID].pins[PinRole.AUTHENTICATION]
SIGNATURES = 60
COMMAND = "from varmentaja.reader.cli import reader_app; reader_app()"


@pytest.fixture(scope="module")
def cards(pcsc: Pcsc) -> dict[str, x509.Certificate]:
    """Two activated cards beside the readers; the certificates for signing in by serial."""
    made = {}
    for serial in SERIALS:
        der = pcsc.make(KeyAlgorithm.P384, serial).certified.certificates.authentication
        assert der
        made[serial] = x509.load_der_x509_certificate(der)
        transport = pcsc.host.connect(serial)
        open_card(transport).activate(CODE, PIN1, PIN2)
        transport.close()
        pcsc.host.pull(serial)
    return made


@pytest.fixture
def inserted(pcsc: Pcsc, cards: dict[str, x509.Certificate]) -> Iterator[list[x509.Certificate]]:
    """Each card in a reader of its own; their certificates in the order of the readers."""
    for reader, serial in enumerate(SERIALS):
        pcsc.insert(serial, reader)
    yield list(cards.values())
    for reader, serial in enumerate(SERIALS):
        pcsc.pull(serial, reader)


def begin(pcsc: Pcsc, out: Path, **what: Any) -> subprocess.Popen[bytes]:
    """Our program; its answers go to a file, since a pipe would stop it once it is full."""
    command = [sys.executable, "-m", "tests.support.scs_over_pcsc", json.dumps(what)]
    with out.open("wb") as file:
        return pcsc.start(command, stdout=file)


def answers(program: subprocess.Popen[bytes], out: Path) -> list[x509.Certificate]:
    """The certificates that signed, once all signatures have been checked."""
    assert program.wait(120) == 0
    return [require_signed(json.loads(line)) for line in out.read_text().splitlines()]


def test_the_card_that_was_chosen_signs_and_no_other(
    pcsc: Pcsc, inserted: list[x509.Certificate], tmp_path: Path
) -> None:
    out = tmp_path / "answers"
    signed = answers(begin(pcsc, out, cards=2, choices=[0, 1, 0]), out)
    assert signed == [inserted[0], inserted[1], inserted[0]]
    assert [pcsc.tries_of(PIN1_REFERENCE, reader) for reader in (0, 1)] == [5, 5]


def test_opensc_signs_beside_our_program_with_the_same_card(
    pcsc: Pcsc, inserted: list[x509.Certificate], tmp_path: Path
) -> None:
    content, out = tmp_path / "content", tmp_path / "answers"
    content.write_bytes(b"content")
    where = ["--module", str(MODULE), "--slot-index", "0", "--login", "--pin", PIN1]
    files = ["-i", str(content), "-o", str(tmp_path / "signature")]
    opensc = ["pkcs11-tool", *where, "--sign", "--id", "45", "-m", "ECDSA-SHA256", *files]
    with pcsc.holding():
        program = begin(pcsc, out, cards=2, choices=[0] * SIGNATURES)
        others = []
        while program.poll() is None:
            others.append(pcsc.run(opensc))
        assert answers(program, out) == [inserted[0]] * SIGNATURES
        assert [done.stderr for done in others if done.returncode != 0] == []
        assert len(others) > 2, "they were at work at the same time"
        answers(begin(pcsc, out, cards=2, choices=[0]), out)  # ours is the last word
        assert pcsc.tries_of(PIN1_REFERENCE) == 5


def command(
    pcsc: Pcsc, folder: Path, *arguments: str, timeout: float = 60
) -> subprocess.CompletedProcess[str]:
    """Our command line beside pcscd; no virtual reader runs there."""
    environment = {**pcsc.environment, "VARMENTAJA_STATE": str(folder), "LANG": "en_GB.UTF-8"}
    return pcsc.run([sys.executable, "-c", COMMAND, *arguments], env=environment, timeout=timeout)


def test_the_command_line_lists_readers_and_takes_the_only_card(
    pcsc: Pcsc, cards: dict[str, x509.Certificate], tmp_path: Path
) -> None:
    assert command(pcsc, tmp_path, "show").returncode == 7
    pcsc.insert(SERIALS[1], 1)
    listed = command(pcsc, tmp_path, "readers").stdout.splitlines()
    assert [line.rpartition(": ")[2] for line in listed] == ["no card", "a card"]
    shown = command(pcsc, tmp_path, "show")
    assert f"Card {SERIALS[1][-9:]}" in shown.stdout, shown.stderr
    diagnosed = command(pcsc, tmp_path, "diagnose").stdout
    assert "Both PINs can be used." in diagnosed
    pcsc.insert(SERIALS[0], 0)
    several = command(pcsc, tmp_path, "show")
    assert (several.returncode, several.stderr.count("Test reader")) == (6, 2)
    named = listed[0].rpartition(": ")[0]
    assert f"Card {SERIALS[0][-9:]}" in command(pcsc, tmp_path, "show", "--reader", named).stdout
    for reader, serial in enumerate(SERIALS):
        pcsc.pull(serial, reader)


def test_a_program_that_keeps_a_transaction_is_told_of(
    pcsc: Pcsc, cards: dict[str, x509.Certificate], tmp_path: Path
) -> None:
    pcsc.insert(SERIALS[0], 0)
    with pcsc.holding(in_transaction=True):
        diagnosed = command(pcsc, tmp_path, "diagnose", timeout=30)
        assert "Another program holds the card." in diagnosed.stdout, diagnosed.stderr
    pcsc.pull(SERIALS[0], 0)


def test_a_card_that_another_program_takes_meanwhile_comes_back_by_itself(
    pcsc: Pcsc, cards: dict[str, x509.Certificate]
) -> None:
    """Read before and read anew, refused while it is held, usable afterwards; quitting does not wait."""
    pcsc.insert(SERIALS[0], 0)
    with pcsc.holding():
        program = pcsc.start(
            [sys.executable, "-m", "tests.support.held_card"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert program.stdin and program.stdout
        assert program.stdout.readline() == b"signed\n"
        with pcsc.holding(in_transaction=True):
            program.stdin.write(b"\n")
            program.stdin.flush()
            heard = [program.stdout.readline().decode().strip() for _ in range(3)]
        assert heard == ["in use", "in use at once", "another look: in use"]
        assert program.stdout.readline() == b"signed\n"
        assert program.stdout.readline() == b"read again\n"
        with pcsc.holding(in_transaction=True):
            program.stdin.write(b"\n")
            program.stdin.flush()
            assert program.wait(30) == 0
    pcsc.pull(SERIALS[0], 0)
