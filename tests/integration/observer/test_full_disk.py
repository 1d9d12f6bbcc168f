# SPDX-License-Identifier: EUPL-1.2
"""A full disk under the observer's record: told in its log, and it goes on when there is room."""

from __future__ import annotations

import errno
import json
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs
from tests.integration.observer.test_program import Program, write
from tests.support.liar import Liar
from tests.support.pki import Demo
from tests.support.small_disk import full, small_disk
from tests.support.web import serve

from varmentaja.domain.availability import Finding, Round, Service, Tally, Trouble
from varmentaja.domain.availability_record import read_report
from varmentaja.observer.plan import Plan
from varmentaja.observer.record import Record
from varmentaja.observer.run import Places, Watch

START = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
NO_ROOM = "No space left on device"


def test_the_program_goes_on_when_there_is_room(tmp_path: Path, demo: Demo) -> None:
    liar = Liar(demo, datetime.now(UTC).replace(microsecond=0))
    (tmp_path / "roots").mkdir()
    program = Program(tmp_path)
    with serve(liar) as address, small_disk(program.observed) as disk:
        plan = liar.plan(address)
        (tmp_path / "roots" / "root.crt").write_bytes(plan.roots[0])
        write(plan, disk / "plan.json")
        program.start()
        try:
            program.wait(lambda: (disk / "report.json").exists())
            with full(disk):
                program.wait(lambda: len(program.events("round_failed")) >= 2)
                assert NO_ROOM in program.events("round_failed")[-1]["exception"]
                json.loads((disk / "report.json").read_bytes())
            before = program.rounds()
            program.wait(lambda: program.rounds() >= before + 2)
        finally:
            program.stop(signal.SIGTERM)
        assert program.process is not None and program.process.returncode == 0
        told = read_report(json.loads((disk / "report.json").read_bytes()))
        assert Record(disk, datetime.now(UTC)).report == told
        left = {"metrics.prom", "plan.json", "report.json", "rounds"}
        assert {each.name for each in disk.iterdir()} == left, "no drafts"


@pytest.mark.parametrize("writer", ["os.fsync", "write_over"])
def test_an_outage_that_begins_on_a_full_disk_is_told(
    tmp_path: Path, demo: Demo, monkeypatch: pytest.MonkeyPatch, writer: str
) -> None:
    """Whether there was room for the line of the round and none for the report, or for neither."""
    liar, moments = Liar(demo, START), iter(range(100))
    places = Places(tmp_path / "plan.json", tmp_path, tmp_path)
    plan = liar.plan("http://status.example")
    (tmp_path / "root.crt").write_bytes(plan.roots[0])
    write(plan, places.plan)
    wrong = (Finding(Service.OCSP, Trouble.WRONG_STATUS, "a/1", "told to be good, known to be revoked"),)
    watch = Watch(places, lambda: START)

    def stand_in(_observer: Any, _plan: Plan, _clock: Any) -> Round:
        return Round(START + timedelta(minutes=next(moments)), {Service.OCSP: Tally(1, 0, 1, 1)}, wrong)

    def no_room(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, NO_ROOM)

    monkeypatch.setattr("varmentaja.observer.rounds.Observer.look", stand_in)
    with capture_logs() as told, monkeypatch.context() as patch:
        patch.setattr(f"varmentaja.observer.record.{writer}", no_room)
        with pytest.raises(OSError, match=NO_ROOM):
            watch.look()
    assert [each["event"] for each in told] == ["outage_begun"]
    with capture_logs() as told:
        watch.look()
    assert told == []
    assert (tmp_path / "metrics.prom").exists()
    told_last = read_report(json.loads((tmp_path / "report.json").read_bytes()))
    assert Record(tmp_path, START).report == told_last and told_last.open[0].rounds == 2
