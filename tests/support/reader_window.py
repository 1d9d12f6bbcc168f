# SPDX-License-Identifier: EUPL-1.2
"""The windowed program before a screen and a real PC/SC service, worked by keys alone; what it costs."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from tests.support.cards import CODE, PIN1, PIN2
from tests.support.desktop import SECONDS, Desktop, wait_until
from tests.support.pcsc import Pcsc

from varmentaja.domain.errors import message
from varmentaja.reader.texts import say

HOME = message("Card and reader")
ACTIVATION = message("Activate the card")
ERROR = message("Error")
SCS_PORT = 53951
"""Nobody else is in the namespace."""

PIN_ASKED = message("A PIN is asked")
CONTENT = f"https://clinic.example;{'n' * 96}".encode()
SIGN_IN = {
    "version": "1.2",
    "selector": {"keyusages": ["digitalSignature"]},
    "content": base64.b64encode(CONTENT).decode(),
    "contentType": "data",
    "hashAlgorithm": "SHA256",
    "signatureType": "signature",
}

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

    def insert(self, serial: str) -> None:
        """Insert a card, and wait until websites can use it."""
        self.pcsc.insert(serial)
        wait_until(self.has_card, lambda: "a card for websites")

    def has_card(self) -> bool:
        """Whether websites are told that there is a card."""
        told = self.pcsc.run(["curl", "-s", f"http://127.0.0.1:{SCS_PORT}/version"]).stdout
        return bool(json.loads(told)["hashAlgorithms"])

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


def require_signed(answer: Mapping[str, Any]) -> x509.Certificate:
    """The certificate of a page's answer to SIGN_IN, once its signature has been checked."""
    assert answer["status"] == "ok", answer
    certificate = x509.load_der_x509_certificate(base64.b64decode(answer["chain"][0]))
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(base64.b64decode(answer["signature"]), CONTENT, ec.ECDSA(hashes.SHA256()))
    return certificate


def tree(pid: int) -> list[int]:
    """A process and all its descendants."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in tree(int(child)))]


def spent(pid: int) -> float:
    """Seconds of processor time of the whole tree so far."""
    fields = [Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split() for each in tree(pid)]
    ticks = sum(int(field[11]) + int(field[12]) for field in fields)
    return ticks / os.sysconf("SC_CLK_TCK")


def memory(pid: int) -> float:
    """Resident memory of the whole tree in MB; pages that its processes share count in each."""
    statuses = (Path(f"/proc/{each}/status").read_text() for each in tree(pid))
    return sum(int(re.findall(r"VmRSS:\s+(\d+) kB", status)[0]) for status in statuses) * 1024 / 1e6
