# SPDX-License-Identifier: EUPL-1.2
"""A child of the supervisor: ready, dead, started again ever later; and the leash."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from varmentaja.domain.errors import DomainError
from varmentaja.ground import service as module
from varmentaja.ground.service import Service, socket_answers
from varmentaja.ground.supervisor import lock, wait_for_ports


@pytest.fixture
def stub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Service:
    """A child that ends at once."""
    monkeypatch.setattr(module, "leashed", lambda number, command: [sys.executable, "-c", "pass"])
    return Service("stub", [], lambda: True, log=tmp_path / "stub.log")


def test_a_dead_child_is_started_again_after_a_growing_delay(
    stub: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    stub.start({})
    delays = []
    for _ in range(6):
        assert stub.process is not None
        stub.process.wait()
        assert stub.watch({})
        died = now[0]
        while stub.process is None:
            now[0] += 0.25
            stub.watch({})
        delays.append(now[0] - died)
    assert delays == [1.0, 2.0, 4.0, 8.0, 15.0, 15.0]
    assert stub.restarts == 6
    assert stub.process is not None
    stub.process.wait()


def test_a_calm_run_forgets_the_delay(stub: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    stub.start({})
    stub._delay = 8.0
    now[0] += module.CALM_SECONDS + 1
    assert stub.process is not None
    stub.process.wait()
    stub.watch({})
    assert stub._delay == module.FIRST_DELAY


def test_a_paused_child_stands_still_until_it_is_to_go_on(
    stub: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "leashed", lambda number, command: ["sleep", "60"])
    stub.start({})
    first = stub.process
    assert first is not None and stub.watch({}) and stub.ready
    assert stub.pause() and not stub.pause()
    assert first.returncode == -signal.SIGTERM
    assert stub.process is None and not stub.ready
    assert stub.watch({})
    assert stub.process is not None and stub.restarts == 0
    stub.pause()


def test_nobody_at_a_socket_is_not_ready(tmp_path: Path) -> None:
    assert not socket_answers(tmp_path / "none.sock")()
    assert not socket_answers(tmp_path / ("x" * 200))()


def test_the_state_folder_is_held_by_one(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    path = tmp_path / "run" / "demo.lock"
    with lock(path), pytest.raises(DomainError, match=f"process {os.getpid()}"), lock(path):
        pass
    with lock(path):
        pass


def test_a_port_in_use_is_named() -> None:
    import socket

    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(DomainError, match=str(port)):
            wait_for_ports([port], 0.1)


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
