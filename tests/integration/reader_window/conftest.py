# SPDX-License-Identifier: EUPL-1.2
"""The windowed program before a screen and a real PC/SC service, worked by keys alone."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests.support.cards import CODE, PIN1, PIN2
from tests.support.desktop import SECONDS, Desktop, wait_until
from tests.support.pcsc import Pcsc

from varmentaja.card.driver import KeyAlgorithm
from varmentaja.domain.errors import DomainError, message
from varmentaja.reader.texts import say

HOME = message("Card and reader")
ACTIVATION = message("Activate the card")
ERROR = message("Error")
SCS_PORT = 53951
"""Nobody else is in the namespace."""

START = "from varmentaja.reader.cli import reader_app; reader_app([], prog_name='varmentaja reader')"


class Program:
    """The running program and its window."""

    def __init__(self, pcsc: Pcsc, desktop: Desktop, folder: Path, language: str, **variables: str) -> None:
        self.pcsc = pcsc
        self.desktop = desktop
        self.language = language
        self.log = folder / "program.log"
        self.environment = {
            **pcsc.environment,
            "DISPLAY": desktop.display,
            "LC_ALL": f"{language}_FI.UTF-8",
            "VARMENTAJA_STATE": str(folder / "v"),
            "XDG_CONFIG_HOME": str(folder / "config"),
            **variables,
        }
        with self.log.open("wb") as log:
            self.process = pcsc.start(
                [sys.executable, "-c", START], env=self.environment, stdout=log, stderr=log
            )
        self.wait_for(HOME)

    @property
    def pid(self) -> int:
        """Of the program itself: what started it in the namespace has become it."""
        return self.process.pid

    def wait_for(self, title: Any) -> None:
        """A page with this title, in the program's language."""
        self.desktop.wait_for(say(title, self.language))

    def enter(self, *values: str) -> None:
        """Type values, each with Enter behind it, as people do on a number pad."""
        for value in values:
            self.desktop.type(value)
            self.desktop.press("Return")

    def is_activated(self, serial: str) -> bool:
        """Whether the card has been activated."""
        return next(card.is_activated for card in self.pcsc.host.list() if card.serial == serial)

    def activate(self, serial: str) -> None:
        """Insert the fresh card and answer the form that comes by itself."""
        self.pcsc.insert(serial)
        self.wait_for(ACTIVATION)
        self.enter(CODE, PIN1, PIN1, PIN2, PIN2)
        wait_until(lambda: self.is_activated(serial), lambda: "the activated card")
        self.wait_for(HOME)

    def start_again(self) -> subprocess.CompletedProcess[str]:
        """Start it once more beside itself, and wait for that to end."""
        return self.pcsc.run([sys.executable, "-c", START], env=self.environment)

    def end(self) -> int:
        """Ask it to end, as a log-out does; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(SECONDS)


_serials = itertools.count(0xB0)


@pytest.fixture
def fresh_card(pcsc: Pcsc) -> Iterator[str]:
    """A finished card that nobody has activated, beside the reader."""
    serial = f"{next(_serials):020X}"
    pcsc.make(KeyAlgorithm.P384, serial)
    yield serial
    with suppress(DomainError):  # a test may have pulled it already
        pcsc.pull(serial)


@pytest.fixture
def start(pcsc: Pcsc, desktop: Desktop, tmp_path: Path) -> Iterator[Callable[..., Program]]:
    """Start the program in a language."""
    running: list[Program] = []

    def begin(language: str = "en", **variables: str) -> Program:
        running.append(Program(pcsc, desktop, tmp_path, language, **variables))
        return running[-1]

    yield begin
    for program in running:
        if program.process.poll() is None:
            program.process.kill()
            program.process.wait()


def scs(pcsc: Pcsc, body: dict[str, Any]) -> subprocess.Popen[bytes]:
    """A browser's request to sign, from within the namespace; the answer comes on standard output."""
    headers = ["-H", "Content-Type: application/json", "-H", "Origin: https://clinic.example"]
    url = f"http://127.0.0.1:{SCS_PORT}/sign"
    return pcsc.start(
        ["curl", "-sS", "--max-time", "120", *headers, "--data", json.dumps(body), url],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ},
    )
