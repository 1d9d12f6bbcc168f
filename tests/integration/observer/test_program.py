# SPDX-License-Identifier: EUPL-1.2
"""The program itself: a line in its log for each beginning and end, a record that outlives kill -9."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from tests.support.liar import Liar
from tests.support.pki import Demo
from tests.support.web import serve

from varmentaja.observer.plan import Plan


class Program:
    """``varmentaja observer`` on a state folder of its own, a round a second."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.observed = folder / "observer"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = [sys.executable, "-m", "varmentaja", "observer", "--seconds", "1"]
        environment = {
            **os.environ,
            "VARMENTAJA_STATE": str(self.folder),
            "VARMENTAJA_OBSERVER_ROOTS": str(self.folder / "roots"),
        }
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)

    def stop(self, how: signal.Signals) -> None:
        assert self.process is not None
        self.process.send_signal(how)
        self.process.wait(30)

    def log(self) -> list[dict[str, Any]]:
        """Events so far."""
        lines = (self.folder / "log").read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]

    def events(self, name: str) -> list[dict[str, Any]]:
        return [each for each in self.log() if each["event"] == name]

    def rounds(self) -> int:
        lines = [path.read_text().splitlines() for path in (self.observed / "rounds").glob("*.jsonl")]
        return sum(map(len, lines))

    def wait(self, until: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 60
        while not until():
            assert time.monotonic() < deadline, (self.folder / "log").read_text()
            time.sleep(0.1)


@pytest.fixture
def program(tmp_path: Path) -> Iterator[Program]:
    program = Program(tmp_path)
    program.observed.mkdir()
    (tmp_path / "roots").mkdir()
    yield program
    if program.process is not None and program.process.poll() is None:
        program.stop(signal.SIGKILL)


def write(plan: Plan, path: Path) -> None:
    """As the worker writes it."""
    authorities = [
        {
            "name": each.name,
            "certificate": base64.b64encode(each.certificate).decode(),
            "issued_by": each.issued_by,
            "certificate_url": each.certificate_url,
            "ocsp_url": each.ocsp_url,
            "lists": [
                {"full": lists.full, "delta": lists.delta, "directory_name": lists.directory_name}
                for lists in each.lists
            ],
            "directory_name": each.directory_name,
            "watched": [
                {
                    "serial": f"{watched.serial:x}",
                    "shard": watched.shard,
                    "revoked": watched.revoked,
                    "certificate": watched.certificate and base64.b64encode(watched.certificate).decode(),
                }
                for watched in each.watched
            ],
        }
        for each in plan.authorities
    ]
    document = {"written_at": plan.written_at.isoformat(), "directory": None}
    path.write_text(json.dumps({**document, "authorities": authorities}))


def test_one_line_for_the_beginning_and_one_for_the_end(program: Program, demo: Demo) -> None:
    liar = Liar(demo, datetime.now(UTC).replace(microsecond=0))
    with serve(liar) as address:
        program.start()
        program.wait(lambda: bool(program.events("no_round")))  # no plan yet
        plan = liar.plan(address)
        (program.folder / "roots" / "root.crt").write_bytes(plan.roots[0])
        write(plan, program.observed / "plan.json")
        program.wait(lambda: program.rounds() >= 2)
        assert program.events("outage_begun") == []
        liar.ocsp.revoked = {}
        program.wait(lambda: len(program.events("outage_begun")) >= 1)
        seen = program.rounds()
        program.stop(signal.SIGKILL)
        program.start()
        program.wait(lambda: program.rounds() >= seen + 3)
        begun = program.events("outage_begun")
        told = {(each["service"], each["trouble"]) for each in begun}
        assert told == {("ocsp", "wrong_status"), ("ocsp", "disagreement")}
        assert len(begun) == 2
        assert 'trouble="wrong_status"} 1.0' in (program.observed / "metrics.prom").read_text()
        liar.ocsp.revoked = dict(liar.full.revoked)
        program.wait(lambda: len(program.events("outage_ended")) >= 2)
        program.stop(signal.SIGTERM)
    assert program.process is not None and program.process.returncode == 0
    report = json.loads((program.observed / "report.json").read_text())
    assert report["open"] == [] and len(report["over"]) == 2
    assert program.events("round_failed") == []
