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
        unshare = [
            "unshare",
            "--mount",
            "--net",
            sys.executable,
            "-m",
            "tests.support.pcsc_namespace",
            str(config),
        ]
        self._pcscd = self._start(unshare)
        self._host = None
        self.host = CardHostClient(folder / "cards.sock")
        _until(lambda: "Test reader" in self.run(["opensc-tool", "--list-readers"]).stdout, "pcscd")
        self._host = self.start(
            [sys.executable, "-c", _HOST, str(folder / "cards"), str(folder / "cards.sock")]
        )
        _until(self._host_answers, "the card host")

    def run(self, command: Sequence[str], **options: Any) -> subprocess.CompletedProcess[str]:
        """Run a program beside pcscd; output is captured as text."""
        settings: dict[str, Any] = {
            "capture_output": True,
            "text": True,
            "timeout": 60,
            "env": self.environment,
        } | options
        return subprocess.run([*self._enter(), *command], **settings)

    def start(self, command: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
        """Start a program beside pcscd."""
        return self._start([*self._enter(), *command], **options)

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

    def close(self) -> None:
        """End everything."""
        for process in (self._host, self._pcscd):
            if process is not None:
                process.kill()
                process.wait()
        self._log.close()

    def _enter(self) -> list[str]:
        return ["nsenter", "--mount", "--net", "--target", str(self._pcscd.pid)]

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
import os, sys
from pathlib import Path
from varmentaja.card.host import serve
serve(Path(sys.argv[1]), Path(sys.argv[2]), os.urandom)
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
