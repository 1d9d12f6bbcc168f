# SPDX-License-Identifier: EUPL-1.2
"""The demo as a person starts it: real processes, on a folder and ports of its own."""

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

import psycopg
import pytest

from varmentaja.ground.embedded_postgres import embedded_url
from varmentaja.tour.place import Place, free_ports, of_its_own

ROOT = Path(__file__).parent.parent.parent


class WholeService:
    """``varmentaja demo`` on a state folder and ports of its own."""

    def __init__(
        self,
        state: Path,
        inside: tuple[str, ...] = (),
        database: str | None = None,
        *,
        reader_package: bool = False,
    ) -> None:
        """``inside`` is a prefix such as ``unshare -m …``, ``database`` the address of another's; the card
        reader program's packages are built for one test alone."""
        self.state = state
        self._inside = inside
        self.port = free_ports()
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.environment = {
            **kept,
            "PYTHONPATH": os.pathsep.join((str(ROOT / "src"), str(ROOT))),
            "VARMENTAJA_STATE": str(state),
            "VARMENTAJA_PORT": str(self.port),
            "VARMENTAJA_SCS_PORT": str(self.port + 4),
            "VARMENTAJA_READER_PACKAGE": str(reader_package),
            **({"DATABASE_URL": database} if database else {}),
        }
        self._log = state.with_name(f"{state.name}.output")
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def responder(self) -> str:
        """Where status questions are answered, no slash at the end."""
        return f"http://127.0.0.1:{self.port + 1}"

    @property
    def database(self) -> str:
        """Address of its database."""
        return self.environment.get("DATABASE_URL") or embedded_url(self.state)

    def start(self) -> float:
        """Start, wait until it says that it is ready; the seconds that took."""
        begun = time.monotonic()
        with self._log.open("wb") as output:
            self.process = subprocess.Popen(
                [*self._inside, *self.command("demo")],
                stdout=output,
                stderr=output,
                env=self.environment,
                cwd=ROOT,
            )
        while "Ready in" not in self.output:
            assert self.process.poll() is None, self.output
            assert time.monotonic() - begun < 180, self.output
            time.sleep(0.02)
        return time.monotonic() - begun

    @property
    def output(self) -> str:
        """What it has said."""
        return self._log.read_text("utf-8")

    def end(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and wait; the exit code. As Ctrl-C does, unless told otherwise."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(30)

    def command(self, *arguments: str) -> list[str]:
        """The command line of one of its programs."""
        return [sys.executable, "-m", "varmentaja", *arguments]

    def say(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the service to its end."""
        return subprocess.run(
            self.command(*arguments), capture_output=True, text=True, env=self.environment, cwd=ROOT
        )

    def folder(self, name: str) -> Path:
        """A folder of its state as its processes see it, in whatever mount namespace they are."""
        assert self.process is not None
        return Path(f"/proc/{self.process.pid}/root{self.state / name}")

    def status(self) -> dict[str, Any]:
        """What ``varmentaja status`` says."""
        document: dict[str, Any] = json.loads(self.say("status", "--json").stdout)
        return document

    def processes(self) -> set[int]:
        """Every process that knows our state folder, whoever started it."""
        mark = str(self.state).encode()
        return {
            int(path.name)
            for path in Path("/proc").glob("[0-9]*")
            if int(path.name) != os.getpid() and mark in _words_of(path)
        }

    def services(self) -> dict[str, dict[str, Any]]:
        """What the supervisor says of its children, by name."""
        document = json.loads((self.state / "run" / "status.json").read_text("utf-8"))
        return {service["name"]: service for service in document["services"]}

    def kill(self, name: str) -> bool:
        """``kill -9`` one child; whether there was one to kill (it may be between two runs)."""
        process = self.services()[name]["pid"]
        if process is None:
            return False
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            return False
        return True

    def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Ask its database."""
        with psycopg.connect(self.database, autocommit=True) as connection:
            return connection.execute(query, values).fetchall()


def _words_of(process: Path) -> bytes:
    try:
        return (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
    except OSError:
        return b""


def eventually(true: Callable[[], bool], seconds: float) -> bool:
    """Whether it becomes true in time."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if true():
            return True
        time.sleep(0.05)
    return true()


DESK = "import django; django.setup(); from tests.soak.desk import main; main()"


class Desk:
    """The registrar's desk of tests/soak/desk.py, a process that is not killed."""

    def __init__(self, service: WholeService) -> None:
        environment = {
            **service.environment,
            "DATABASE_URL": service.database,
            "DJANGO_SETTINGS_MODULE": "varmentaja.web.settings",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-c", DESK],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=ROOT,
        )

    def ask(self, line: str) -> dict[str, Any]:
        """An identity code to apply for, or ``+days``."""
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        """Close the desk."""
        self._process.communicate()


@contextmanager
def whole_service(
    state: Path,
    inside: tuple[str, ...] = (),
    database: str | None = None,
    *,
    reader_package: bool = False,
) -> Iterator[WholeService]:
    """One that runs, and of which nothing is left afterwards."""
    service = WholeService(state, inside, database, reader_package=reader_package)
    try:
        service.start()
        yield service
    finally:
        if service.process is not None and service.process.poll() is None:
            service.end()
    assert eventually(lambda: not service.processes(), 10), service.processes()


@pytest.fixture(scope="session")
def shared_demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeService]:
    """One for tests that only use it; put them into the xdist group ``shared-demo``."""
    with whole_service(tmp_path_factory.mktemp("demo") / "var") as demo:
        yield demo


@pytest.fixture(scope="session")
def journey_demo() -> Iterator[Place]:
    """One for the journeys in a browser, which begin before anybody has a card; put them into the xdist
    group ``journey``, in the order of their files."""
    with of_its_own("ecc", keep=False) as made:
        yield made
