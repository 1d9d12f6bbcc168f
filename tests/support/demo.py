# SPDX-License-Identifier: EUPL-1.2
"""The demo as a person starts it: a process of its own, on a folder and ports of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from varmentaja.tour.place import free_ports


class Demo:
    """A demo of its own folder and ports, started as a person would."""

    def __init__(self, state: Path) -> None:
        self.state = state
        self.port = free_ports()
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.environment = {**kept, "VARMENTAJA_STATE": str(state), "VARMENTAJA_SCS_PORT": str(self.port + 4)}
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Start, wait until it says that it is ready; the seconds it took."""
        begun = time.monotonic()
        with (self.state.parent / "output.txt").open("w", encoding="utf-8") as output:
            self.process = subprocess.Popen(
                self.command("demo"), stdout=output, stderr=output, env=self.environment
            )
        while "Ready in" not in self.output:
            assert self.process.poll() is None, self.output
            assert time.monotonic() - begun < 120, self.output
            time.sleep(0.02)
        return time.monotonic() - begun

    @property
    def output(self) -> str:
        return (self.state.parent / "output.txt").read_text("utf-8")

    def command(self, *arguments: str) -> list[str]:
        port = ["--port", str(self.port)] if arguments[0] == "demo" else []
        return [sys.executable, "-m", "varmentaja", *arguments, *port]

    def say(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(self.command(*arguments), capture_output=True, text=True, env=self.environment)

    def status(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.say("status", "--json").stdout)
        return document

    def end(self, number: int) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(30)

    def processes(self) -> set[int]:
        """Every process that knows our state folder, whoever started it."""
        mark = str(self.state).encode()
        return {
            int(path.name)
            for path in Path("/proc").glob("[0-9]*")
            if int(path.name) != os.getpid() and mark in _words_of(path)
        }


def _words_of(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
    except OSError:
        return b""


def eventually(true: Callable[[], bool], seconds: float) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if true():
            return True
        time.sleep(0.05)
    return true()


@contextmanager
def running_demo(folder: Path) -> Iterator[Demo]:
    """A demo that runs, and of which nothing is left afterwards."""
    made = Demo(folder / "var")
    try:
        made.start()
        yield made
    finally:
        if made.process is not None and made.process.poll() is None:
            made.end(signal.SIGKILL)
    assert eventually(lambda: not made.processes(), 10), made.processes()


@pytest.fixture(scope="session")
def shared_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """One for tests that only use it; put them into the xdist group ``shared-demo``."""
    with running_demo(tmp_path_factory.mktemp("demo")) as demo:
        yield demo
