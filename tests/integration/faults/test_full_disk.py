# SPDX-License-Identifier: EUPL-1.2
"""A full disk under the cards, then under what is published: the reason is kept, nothing is lost, and all
goes on by itself when there is room again.

The service runs in a mount namespace of its own with a tiny file system under each of the two folders.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.soak.inventory import take_inventory
from tests.support.small_disk import MEGABYTES, full
from tests.support.whole_service import ROOT, Desk, whole_service

MOUNT = f"""
set -e
for folder in cards publication; do
  mkdir -p "$VARMENTAJA_STATE/$folder"
  mount -t tmpfs -o size={MEGABYTES}m,mode=0700 tmpfs "$VARMENTAJA_STATE/$folder"
done
exec "$@"
"""
GOES_ON_WITHIN = 60.0
UNFINISHED = "SELECT count(*) FROM cards_order WHERE state NOT IN ('dispatched', 'discarded')"
TROUBLED = "SELECT count(*) FROM cards_order WHERE reason IS NOT NULL AND state <> 'dispatched'"
OVERDUE = "SELECT count(*) FROM certificates_certificate WHERE answer_due_at < now() - interval '2 seconds'"
UNPOSTED = "SELECT count(*) FROM letters_letter WHERE state <> 'posted'"
PROFESSIONALS = ROOT / "src/varmentaja/adapters/professional_register/data/professionals.jsonl"


@pytest.mark.timeout(400)
def test_a_full_disk_stops_production_and_loses_nothing(tmp_path: Path) -> None:
    with whole_service(tmp_path / "state", ("unshare", "-m", "sh", "-c", MOUNT, "sh")) as service:
        desk = Desk(service)
        with full(service.folder("cards")):
            _apply(desk, 1)
            _until(lambda: service.rows(TROUBLED) == [(1,)])
        _until(lambda: service.rows(UNFINISHED) == [(0,)])
        with full(service.folder("publication")):
            _apply(desk, 2)
            _until(lambda: service.rows(UNFINISHED) == [(0,)])
            _until(lambda: service.rows(OVERDUE) != [(0,)])
        _until(lambda: service.rows(OVERDUE) == [(0,)], 90.0)
        desk.ask("+7")
        _until(lambda: service.rows(UNPOSTED) == [(0,)])
        desk.close()
        take_inventory(service, 2)


def _apply(desk: Desk, number: int) -> None:
    lines = PROFESSIONALS.read_text("utf-8").splitlines()
    answer = desk.ask(json.loads(lines[number - 1])["identity_code"])
    assert answer.get("order"), answer


def _until(holds: Callable[[], bool], seconds: float = GOES_ON_WITHIN) -> None:
    until = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < until
        time.sleep(0.1)
