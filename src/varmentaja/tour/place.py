# SPDX-License-Identifier: EUPL-1.2
"""Where a tour is played: the demo that runs on the state folder, or one of its own for the time being."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from varmentaja.config import SECRETS, Settings
from varmentaja.ground.leash import leashed
from varmentaja.ground.status import read_status
from varmentaja.ground.supervisor import DATABASE

PORTS = 8
"""A demo's own: portal, responder, reader's pages, TLS host, SCS twice, clinic, online responder."""
LDAP = "VARMENTAJA_LDAP_"
"""What the settings of the directory begin with."""
START_SECONDS = 180.0
STOP_SECONDS = 30.0


class NoService(Exception):
    """No service to play the story on."""


@dataclass(frozen=True, slots=True)
class Place:
    """A running demo."""

    settings: Settings
    status: Mapping[str, Any]
    """As ``varmentaja status --json`` tells it."""

    @property
    def portal(self) -> str:
        """Address of the portal, without a slash at the end."""
        return self._address("portal")

    @property
    def clinic(self) -> str:
        """Address of the demo clinic, without a slash at the end."""
        return self._address("clinic")

    @property
    def responder(self) -> str:
        """Address of the responder, without a slash at the end."""
        return self._address("responder")

    @property
    def online(self) -> str:
        """Address of the online-signing responder, without a slash at the end."""
        return self._address("online")

    @property
    def run(self) -> Path:
        """Folder where the card reader program leaves its address."""
        return self.settings.run

    @property
    def root(self) -> Path:
        """File (DER) of the root certificate that the story trusts, as it would get it out of band."""
        name = f"root-{self.settings.algorithm}"
        for authority in self.status["authorities"]:
            if authority["name"] == name:
                return Path(authority["certificate"])
        raise NoService(f"the running demo has no authority {name}")

    def _address(self, name: str) -> str:
        return str(next(each["address"] for each in self.status["services"] if each["name"] == name))

    @contextmanager
    def paused(self, *names: str) -> Iterator[None]:
        """These parts of the demo stand still for as long as the block lasts."""
        self.settings.paused.mkdir(exist_ok=True)
        files = [self.settings.paused / name for name in names]
        try:
            for file in files:
                file.touch()
            self._wait_for(lambda status: all(not _runs(status, name) for name in names), "stop")
            yield
        finally:
            for file in files:
                file.unlink()
        self._wait_for(lambda status: all(_runs(status, name) for name in names), "go on")

    @contextmanager
    def started(self, *arguments: str) -> Iterator[None]:
        """``varmentaja …`` runs on the same state folder for as long as the block lasts."""
        with (self.settings.log / f"tour-{arguments[0]}.log").open("ab") as log:
            process = subprocess.Popen(
                leashed(signal.SIGKILL, [sys.executable, "-m", "varmentaja", *arguments]),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self.settings.variables(),
            )
        with ended(process):
            yield

    def _wait_for(self, reached: Callable[[Mapping[str, Any]], bool], what: str) -> None:
        until = time.monotonic() + START_SECONDS
        while not reached(read_status(self.settings)):
            if time.monotonic() > until:
                raise NoService(f"the demo's parts did not {what}")
            time.sleep(0.1)

    def command(self, *arguments: str, **pipes: Any) -> subprocess.CompletedProcess[str]:
        """Run ``varmentaja …`` on the same state folder; its exit code is the caller's to judge."""
        return subprocess.run(
            [sys.executable, "-m", "varmentaja", *arguments],
            env=self.settings.variables(SECRETS),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            **pipes,
        )


def running(now: Settings) -> Place | None:
    """The demo that runs on the state folder with the same kind of keys, if there is one."""
    status = read_status(now)
    if not status["running"] or status.get("algorithm") != now.algorithm:
        return None
    return Place(now, status)


def _runs(status: Mapping[str, Any], name: str) -> bool:
    if name == DATABASE:
        return status[DATABASE]["pid"] is not None
    return any(each["name"] == name and each["state"] == "ready" for each in status["services"])


@contextmanager
def of_its_own(algorithm: str, *, keep: bool, directory: bool = False) -> Iterator[Place]:
    """A demo on free ports and a temporary folder, which goes away afterwards unless it is to be kept.

    With ``directory`` it publishes to the LDAP directory of the settings.
    """
    folder = Path(tempfile.mkdtemp(prefix="varmentaja-tour-"))
    port = free_ports()
    variables = {
        "VARMENTAJA_STATE": str(folder / "var"),
        "VARMENTAJA_PORT": str(port),
        "VARMENTAJA_SCS_PORT": str(port + 4),
        "VARMENTAJA_ALGORITHM": algorithm,
        "VARMENTAJA_READER_PACKAGE": "false",
    }
    chosen = {"state": folder / "var", "port": port, "scs_port": port + 4, "algorithm": algorithm}
    now = Settings().model_copy(update={**chosen, "database_url": None})
    if directory:
        variables |= {name: value for name, value in os.environ.items() if name.startswith(LDAP)}
    else:
        now = now.model_copy(update={"ldap_url": None})
    try:
        with _demo(folder, variables) as process:
            yield Place(now, _wait_until_ready(now, process, folder))
    finally:
        if not keep:
            shutil.rmtree(folder, ignore_errors=True)


def free_ports() -> int:
    """The first of ``PORTS`` neighbouring ports that nobody has."""
    firsts = range(20000, 32000, 10)
    begin = os.getpid() * 37 % len(firsts)  # neighbours among processes look far from each other
    for first in chain(firsts[begin:], firsts[:begin]):
        try:
            for port in range(first, first + PORTS):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        return first
    raise NoService("there are no free ports")


@contextmanager
def _demo(folder: Path, variables: Mapping[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    outside = ("VARMENTAJA_", "DATABASE_URL")
    environment = {name: value for name, value in os.environ.items() if not name.startswith(outside)}
    with (folder / "demo.log").open("wb") as log:
        process = subprocess.Popen(
            leashed(signal.SIGTERM, [sys.executable, "-m", "varmentaja", "demo"]),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**environment, **variables},
            start_new_session=True,  # so that Ctrl-C ends the tour first and the tour ends the demo
        )
    with ended(process):
        yield process


@contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[None]:
    """The process ends with the block."""
    try:
        yield
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_until_ready(now: Settings, process: subprocess.Popen[bytes], folder: Path) -> dict[str, Any]:
    until = time.monotonic() + START_SECONDS
    while process.poll() is None and time.monotonic() < until:
        status = read_status(now)
        if status["running"] and all(service["state"] == "ready" for service in status["services"]):
            return status
        time.sleep(0.1)
    said = (folder / "demo.log").read_text("utf-8", "replace")
    raise NoService(f"the demo did not start:\n{json.dumps(said) if not said.isprintable() else said}")
