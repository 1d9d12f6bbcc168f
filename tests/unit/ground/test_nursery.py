# SPDX-License-Identifier: EUPL-1.2
"""The nursery forks programs that know what they are told and nothing else, and end with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from varmentaja.ground.nursery import Child, Nursery
from varmentaja.ground.readiness import Readiness
from varmentaja.notify import say_ready

LONG = 60.0
"""Seconds; the machine may be busy."""


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": "src"}
    with Path(os.devnull).open("ab") as log, closing(Nursery(environment, log)) as made:
        yield made


def started(nursery: Nursery, folder: Path, *arguments: str) -> Child:
    environment = {"PATH": os.environ["PATH"], "VARMENTAJA_STATE": str(folder)}
    with (folder / "said").open("ab") as said, (folder / "log").open("ab") as log:
        return nursery.fork(list(arguments), environment, said.fileno(), log.fileno())


def eventually(true: Callable[[], bool]) -> bool:
    until = time.monotonic() + LONG
    while not true() and time.monotonic() < until:
        time.sleep(0.01)
    return true()


def test_a_forked_program_does_its_work_in_its_own_environment(nursery: Nursery, tmp_path: Path) -> None:
    child = started(nursery, tmp_path, "status", "--json")
    assert child.wait(LONG)
    assert '"running": false' in (tmp_path / "said").read_text("utf-8")
    assert (tmp_path / "log").read_text("utf-8") == ""


def test_programs_have_their_name_and_a_session_of_their_own(nursery: Nursery, tmp_path: Path) -> None:
    child = started(nursery, tmp_path, "cardhost")
    try:
        assert eventually(lambda: (tmp_path / "run/cardhost.sock").exists())
        assert Path(f"/proc/{child.pid}/comm").read_text("utf-8").strip() == "cardhost"
        assert os.getsid(child.pid) == child.pid
        assert child.runs
    finally:
        child.signal(signal.SIGTERM)
    assert child.wait(LONG)
    assert not child.runs
    child.signal(signal.SIGTERM)  # to nobody


def test_no_thread_is_forked(nursery: Nursery, tmp_path: Path) -> None:
    assert started(nursery, tmp_path, "status").wait(LONG)
    assert len(list(Path(f"/proc/{nursery.pid}/task").iterdir())) == 1


def test_nothing_outlives_the_nursery(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": "src"}
    with Path(os.devnull).open("ab") as log:
        nursery = Nursery(environment, log)
    child = started(nursery, tmp_path, "cardhost")
    assert eventually(lambda: (tmp_path / "run/cardhost.sock").exists())
    os.kill(nursery.pid, signal.SIGKILL)
    assert child.wait(LONG)
    with pytest.raises(OSError):
        started(nursery, tmp_path, "cardhost")
    nursery.close()


def test_who_is_ready_says_so_and_is_known_by_its_session(tmp_path: Path) -> None:
    # In a session of its own, as the nursery's programs are: this test's may be led by a process that a
    # container does not show, and then it has no number here.
    twice = "from varmentaja.notify import say_ready; say_ready(); say_ready()"
    with closing(Readiness(tmp_path / "notify.sock")) as readiness:
        assert readiness.heard() == set()
        environment = {**os.environ, **readiness.variables}
        process = subprocess.Popen(
            [sys.executable, "-c", f"{twice}; input()"],
            stdin=subprocess.PIPE,
            env=environment,
            start_new_session=True,
        )
        with process:
            assert _first_heard(readiness) == {process.pid}
            process.communicate(b"\n", timeout=LONG)
        assert process.returncode == 0
        assert readiness.heard() in (set(), {process.pid})
        assert readiness.heard() == set()


def test_who_speaks_to_nobody_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "nobody.sock"))
    say_ready()


def _first_heard(readiness: Readiness) -> set[int]:
    end = time.monotonic() + LONG
    while not (heard := readiness.heard()) and time.monotonic() < end:
        time.sleep(0.01)
    return heard


def test_where_nobody_asked_nobody_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    say_ready()
