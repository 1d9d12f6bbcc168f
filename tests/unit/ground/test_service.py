# SPDX-License-Identifier: EUPL-1.2
"""A program of the demo: ready, dead, started again ever later; what it may know; and the leash."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import cast

import pytest

from varmentaja.config import Settings
from varmentaja.domain.errors import DomainError
from varmentaja.ground import service as module
from varmentaja.ground.nursery import Child
from varmentaja.ground.service import Service, all_services
from varmentaja.ground.supervisor import lock, wait_for_port, wait_for_signing_interface
from varmentaja.tour.place import free_ports


class FakeChild:
    """A program that runs until the test says that it has ended."""

    pid = 4711

    def __init__(self) -> None:
        self.runs = True
        self.signals: list[int] = []

    def signal(self, number: int) -> None:
        self.signals.append(number)
        self.runs = False

    def wait(self, seconds: float) -> bool:
        return not self.runs


class Starter:
    """Remembers what it was asked to start."""

    def __init__(self) -> None:
        self.child = FakeChild()
        self.environment: Mapping[str, str] = {}

    def fork(self, arguments: list[str], environment: Mapping[str, str], output: int, log: int) -> Child:
        self.child, self.environment = FakeChild(), environment
        return cast(Child, self.child)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def starter() -> Starter:
    return Starter()


@pytest.fixture
def stub(tmp_path: Path, starter: Starter, clock: list[float]) -> Service:
    service = Service("stub", [], log=tmp_path / "stub.log")
    service.start(starter, Settings(state=tmp_path), {})
    return service


def test_a_dead_child_is_started_again_after_a_growing_delay(
    stub: Service, starter: Starter, clock: list[float], tmp_path: Path
) -> None:
    delays = []
    for _ in range(6):
        starter.child.runs = False
        assert stub.has_changed(set())
        assert not stub.is_due
        died = clock[0]
        while not stub.is_due:
            clock[0] += 0.25
        stub.start(starter, Settings(state=tmp_path), {})
        delays.append(clock[0] - died)
    assert delays == [1.0, 2.0, 4.0, 8.0, 15.0, 15.0]


def test_a_calm_run_forgets_the_delay(stub: Service, starter: Starter, clock: list[float]) -> None:
    stub._delay = 8.0
    clock[0] += module.CALM_SECONDS + 1
    starter.child.runs = False
    assert stub.has_changed(set())
    assert stub._delay == module.FIRST_DELAY


def test_a_paused_child_stands_still_until_it_is_to_go_on(
    stub: Service, starter: Starter, clock: list[float], tmp_path: Path
) -> None:
    first = starter.child
    assert stub.pause() and not stub.pause()
    assert first.signals == [signal.SIGTERM]
    assert stub.process is None and not stub.ready
    clock[0] += 60.0
    assert not stub.is_due
    stub.start(starter, Settings(state=tmp_path), {})
    assert stub.process is not None and not stub.paused and stub.restarts == 0


def test_only_a_childs_own_word_makes_it_ready(stub: Service) -> None:
    assert not stub.has_changed({4710})
    assert not stub.ready
    assert stub.has_changed({4710, 4711})
    assert stub.ready
    assert not stub.has_changed({4711})


def test_a_program_of_the_systems_is_ready_when_its_pid_file_says_so(stub: Service, tmp_path: Path) -> None:
    stub.pid_file = tmp_path / "nginx.pid"
    assert not stub.has_changed(set())
    stub.pid_file.write_text("4710\n", "ascii")
    assert not stub.has_changed({4711})  # an earlier run's
    stub.pid_file.write_text("4711\n", "ascii")
    assert stub.has_changed(set())


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> set[str]:
    """Everything set that somebody must not know."""
    values = {
        "DATABASE_URL": "postgresql://varmentaja:hidden@db.example/varmentaja",
        "PGPASSWORD": "hidden",
        "VARMENTAJA_DATA_PASSPHRASE_FILE": str(tmp_path / "data"),
        "VARMENTAJA_AUTHORITIES_PASSPHRASE_FILE": str(tmp_path / "authorities"),
        "VARMENTAJA_ONLINE_PASSPHRASE_FILE": str(tmp_path / "online"),
    }
    for name, value in values.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("VARMENTAJA_STATE", str(tmp_path))
    return set(values)


def test_each_program_is_told_only_the_secrets_that_it_needs(secrets: set[str], tmp_path: Path) -> None:
    told = {}
    for service in all_services(Settings()):
        starter = Starter()
        service.log = tmp_path / "log"
        service.start(starter, Settings(), {})
        told[service.name] = secrets & set(starter.environment)
        assert starter.environment["VARMENTAJA_STATE"] == str(tmp_path)
    records = {"DATABASE_URL", "PGPASSWORD", "VARMENTAJA_DATA_PASSPHRASE_FILE"}
    assert told.pop("worker") == secrets
    assert told.pop("portal") == records
    assert told.pop("tlshost", records) == records
    assert told.pop("online") == {"VARMENTAJA_ONLINE_PASSPHRASE_FILE"}
    assert set(told) >= {"cardhost", "responder", "reader", "observer", "clinic"}
    assert all(not known for known in told.values()), told


def test_the_state_folder_is_held_by_one(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    path = tmp_path / "run" / "demo.lock"
    with lock(path), pytest.raises(DomainError, match=f"process {os.getpid()}"), lock(path):
        pass
    with lock(path):
        pass


def test_a_port_in_use_is_named_and_who_needs_it() -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        taken = other.getsockname()[1]
        with pytest.raises(DomainError, match=rf"Port {taken} \(clinic\) is in use"):
            wait_for_port(taken, "clinic", 0.0)


def test_the_signing_interface_needs_one_of_its_ports() -> None:
    taken = free_ports()
    with socket.socket() as other:
        other.bind(("127.0.0.1", taken))
        other.listen()
        wait_for_signing_interface([taken, taken + 2], 0.0)
        with pytest.raises(DomainError, match=f"The ports {taken} of the signing interface"):
            wait_for_signing_interface([taken], 0.0)


def test_a_program_on_a_leash_ends_with_the_one_that_started_it() -> None:
    script = (
        "import subprocess, time, signal\n"
        "from varmentaja.ground.leash import leashed\n"
        "child = subprocess.Popen(leashed(signal.SIGKILL, ['sleep', '60']))\n"
        "print(child.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = Path("/proc") / parent.stdout.readline().strip()
    until = time.monotonic() + 5
    while b"sleep" not in (child / "cmdline").read_bytes() and time.monotonic() < until:
        time.sleep(0.01)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    until = time.monotonic() + 5
    while child.exists() and time.monotonic() < until:
        time.sleep(0.01)
    assert not child.exists() or "Z" in (child / "stat").read_text("utf-8").rpartition(")")[2].split()[0]
