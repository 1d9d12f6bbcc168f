# SPDX-License-Identifier: EUPL-1.2
"""A reader that other people's programs see: Debian's pcscd and vpcd, with a card host of ours.

They run in a mount and network namespace of their own, since pcscd has one fixed socket and vpcd listens on
every address. ``pcsc.run([...])`` starts a program in there. Tests that use it carry ``pytest.mark.pcsc`` and
``pytest.mark.xdist_group("pcsc")``. Needs root and Debian's pcscd, vsmartcard-vpcd and opensc.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.support import cards

from varmentaja.card.driver import KeyAlgorithm
from varmentaja.card.host_client import CardHostClient
from varmentaja.card.personalise import PersonalisedCard, personalise, run
from varmentaja.domain.errors import DomainError

LIBRARIES = Path(f"/usr/lib/{platform.machine()}-linux-gnu")
MODULE = LIBRARIES / "opensc-pkcs11.so"
ONE_PIN_MODULE = LIBRARIES / "pkcs11" / "onepin-opensc-pkcs11.so"
"""Shows the authentication key's token alone: what curl and browsers want."""

PORT = 15483
"""Below the ephemeral range; vpcd's second reader has the next one."""

_READERS = f"""FRIENDLYNAME "Test reader"
DEVICENAME /dev/null:0x{PORT:04X}
LIBPATH /usr/lib/pcsc/drivers/serial/libifdvpcd.so
CHANNELID 0x{PORT:04X}
"""
_SECONDS = 20.0
_ROOT = Path(__file__).parents[2]


class Pcsc:
    """pcscd with two virtual readers and the card host that puts cards into them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        config = folder / "readers"
        config.mkdir()
        (config / "vpcd").write_text(_READERS)
        self._log = (folder / "pcscd.log").open("wb")
        unshare = ["unshare", "--mount", "--net", sys.executable, "-m", "tests.support.pcsc_namespace"]
        self._namespace = self._start(unshare, stdout=subprocess.PIPE)
        assert self._namespace.stdout and self._namespace.stdout.readline() == b"ready\n"
        self._pcscd: subprocess.Popen[bytes] | None = None
        self.start_service()
        self.host = CardHostClient(folder / "cards.sock")
        self._host = self.start([sys.executable, "-c", _HOST, str(folder)])
        _until(self._host_answers, "the card host")

    def start_service(self) -> None:
        """Start pcscd, and wait until it knows its readers."""
        config = str(self.folder / "readers")
        self._pcscd = self.start(["/usr/sbin/pcscd", "--foreground", "--config", config])
        _until(lambda: "Test reader" in self.run(["opensc-tool", "--list-readers"]).stdout, "pcscd")

    def kill_service(self) -> None:
        """End pcscd without a word; whoever talked to it talks to nobody."""
        if self._pcscd is not None:
            self._pcscd.kill()
            self._pcscd.wait()
            self._pcscd = None

    def run(self, command: Sequence[str], **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a program beside pcscd; output is captured as text."""
        settings: dict[str, Any] = {
            "capture_output": True,
            "text": True,
            "timeout": 60,
            "env": self.environment,
        } | options
        return subprocess.run([*self.enter, *command], **settings)

    def start(self, command: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
        """Start a program beside pcscd."""
        return self._start([*self.enter, *command], **options)

    @property
    def environment(self) -> dict[str, str]:
        """Environment for programs in there: OpenSC keeps nothing from one test for another."""
        return {**os.environ, "HOME": str(self.folder), "PYTHONPATH": f"{_ROOT / 'src'}:{_ROOT}"}

    def make(
        self, algorithm: KeyAlgorithm, serial: str = cards.SERIAL, generation: str = cards.GENERATION
    ) -> PersonalisedCard:
        """A finished card in the host's drawer, made over the host's socket."""
        self.host.create(serial, cards.chip_key(serial), generation)
        transport = self.host.connect(serial)
        try:
            steps = personalise(cards.order(algorithm, serial, generation), cards.chip_key(serial))
            return run(steps, transport.transmit, cards.authority().certify)
        finally:
            transport.close()

    def insert(self, serial: str = cards.SERIAL, reader: int = 0) -> None:
        """Put a card into a reader and wait until pcscd has seen it."""
        self.host.insert(serial, PORT + reader)
        _until(lambda: self._sees_card(reader), "the card in the reader")

    def pull(self, serial: str = cards.SERIAL, reader: int = 0) -> None:
        """Take a card out and wait until pcscd has noticed."""
        self.host.pull(serial)
        _until(lambda: not self._sees_card(reader), "the empty reader")

    def ask(self, *commands: str, reader: int = 0) -> list[str]:
        """What the card in a reader answers to commands (hex, as are the answers), with no program's driver
        between that might select, log out or reset."""
        asked = self.run([sys.executable, "-c", _ASK, str(reader), *commands], check=True)
        return asked.stdout.split()

    def tries_of(self, reference: int, reader: int = 0) -> int | None:
        """What a card answers to an empty VERIFY, by the PIN's reference: tries left; None while that PIN
        stands verified."""
        answer = self.ask(f"002000{reference:02x}", reader=reader)[0]
        if answer.startswith("63c"):
            return int(answer[3], 16)
        known: dict[str, int | None] = {"6983": 0, "9000": None}
        return known[answer]

    @contextmanager
    def holding(self, *, exclusive: bool = False, in_transaction: bool = False) -> Iterator[None]:
        """Another program that is connected to the card in the first reader, perhaps for itself alone, or in
        a transaction. The card keeps its power meanwhile: the service cuts it soon after the last program."""
        share = "SCARD_SHARE_EXCLUSIVE" if exclusive else "SCARD_SHARE_SHARED"
        command = [sys.executable, "-c", _HOLD, share, "begin" if in_transaction else ""]
        holder = self.start(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert holder.stdin and holder.stdout
        assert holder.stdout.readline() == b"held\n"
        try:
            yield
        finally:
            holder.communicate(timeout=60)

    @contextmanager
    def slow_card(self, instruction: str) -> Iterator[Path]:
        """Cards wait before a command with this instruction byte (hex) until the block ends; the file is
        there once one waits."""
        hold, waits = self.folder / "hold", self.folder / "waits"
        waits.unlink(missing_ok=True)
        hold.write_text(instruction)
        try:
            yield waits
        finally:
            hold.unlink()

    def close(self) -> None:
        """End everything."""
        for process in (self._host, self._pcscd, self._namespace):
            if process is not None:
                process.kill()
                process.wait()
        self._log.close()

    @property
    def enter(self) -> list[str]:
        """What goes before a command that is to run beside pcscd."""
        return ["nsenter", "--mount", "--net", "--target", str(self._namespace.pid)]

    def _start(self, command: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
        settings: dict[str, Any] = {
            "stdout": self._log,
            "stderr": self._log,
            "env": self.environment,
        } | options
        # However the tests end, nothing of theirs is left running.
        return subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *command], **settings)

    def _host_answers(self) -> bool:
        try:
            self.host.list()
        except DomainError:
            return False
        return True

    def _sees_card(self, reader: int) -> bool:
        lines = self.run(["opensc-tool", "--list-readers"]).stdout.splitlines()
        return any(line.split()[:2] == [str(reader), "Yes"] for line in lines)


_HOST = """
import os, sys, time
from pathlib import Path
from varmentaja.card.host import serve
from varmentaja.card.virtual.card import VirtualCard

folder, answer = Path(sys.argv[1]), VirtualCard.transmit
hold, waits = folder / "hold", folder / "waits"

def held():
    try:
        return hold.read_text()
    except FileNotFoundError:
        return None

def transmit(card, apdu):
    while held() == f"{apdu[1]:02x}":
        waits.touch()
        time.sleep(0.02)
    return answer(card, apdu)

VirtualCard.transmit = transmit
serve(folder / "cards", folder / "cards.sock", os.urandom)
"""

_CONNECT = """
import sys
from smartcard.scard import *

def connect(reader, share):
    _, context = SCardEstablishContext(SCARD_SCOPE_USER)
    _, readers = SCardListReaders(context, [])
    both = SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1
    error, card, protocol = SCardConnect(context, readers[reader], share, both)
    assert error == SCARD_S_SUCCESS, SCardGetErrorMessage(error)
    return card, protocol
"""

_HOLD = f"""
{_CONNECT}
card, _ = connect(0, globals()[sys.argv[1]])
if sys.argv[2]:
    assert SCardBeginTransaction(card) == SCARD_S_SUCCESS
print("held", flush=True)
sys.stdin.read()
SCardDisconnect(card, SCARD_LEAVE_CARD)
"""

_ASK = f"""
{_CONNECT}
card, protocol = connect(int(sys.argv[1]), SCARD_SHARE_SHARED)
how = SCARD_PCI_T1 if protocol == SCARD_PROTOCOL_T1 else SCARD_PCI_T0
for command in sys.argv[2:]:
    _, answer = SCardTransmit(card, how, list(bytes.fromhex(command)))
    print(bytes(answer).hex())
SCardDisconnect(card, SCARD_LEAVE_CARD)
"""


def _until(true: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + _SECONDS
    while not true():
        if time.monotonic() > end:
            raise TimeoutError(f"waited in vain for {what}")
        time.sleep(0.05)


@pytest.fixture(scope="module")
def pcsc(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pcsc]:
    """One pcscd a test module."""
    service = Pcsc(tmp_path_factory.mktemp("pcsc"))
    try:
        yield service
    finally:
        service.close()
