# SPDX-License-Identifier: EUPL-1.2
"""Production under ``kill -9``: nothing lost, nothing done twice, no serial twice (decision 6).

The service runs in real processes. Applications come from a process of their own that is never killed; the
worker, the card host or both are killed at a random moment of making the cards, and of posting the letters.
"""

from __future__ import annotations

import json
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest
from tests.soak.inventory import take_inventory
from tests.support.amount import amount, tell
from tests.support.whole_service import ROOT, Desk, WholeService, whole_service

ROUNDS = amount(4, 200)
LETTER_ROUNDS = max(1, ROUNDS // 20)
UNDISTURBED = 3
"""Cards made before the killing begins; the first is slow, since nothing is warm."""
GOES_ON_WITHIN = 60.0
VICTIMS = [("worker",), ("worker",), ("worker",), ("cardhost",), ("worker", "cardhost")]
PROFESSIONALS = ROOT / "src/varmentaja/adapters/professional_register/data/professionals.jsonl"
UNFINISHED = "SELECT count(*) FROM cards_order WHERE state NOT IN ('dispatched', 'discarded')"
UNPOSTED = "SELECT count(*) FROM letters_letter WHERE state <> 'posted'"

pytestmark = pytest.mark.timeout(300 + 90 * ROUNDS)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[WholeService]:
    with whole_service(tmp_path / "state") as running:
        yield running


def test_production_survives_kill_9_at_any_moment(service: WholeService) -> None:
    chance = random.Random(os.environ.get("VARMENTAJA_SOAK_SEED", "varmentaja"))
    desk, applicants = Desk(service), _applicants()
    approved, caught, waits = 0, Counter[str](), []
    takes = min(_undisturbed(service, desk, applicants) for _ in range(UNDISTURBED))
    for number in range(ROUNDS):
        order = _apply(desk, applicants)
        approved += 1
        time.sleep(chance.uniform(0, 0.9 * takes))
        [(state,)] = service.rows("SELECT state FROM cards_order WHERE id = %s", order)
        caught[state] += 1
        waits.append(_kill_and_wait(service, VICTIMS[number % len(VICTIMS)], UNFINISHED))
    desk.ask("+7")
    for _ in range(LETTER_ROUNDS):
        time.sleep(chance.uniform(0, 2.0))
        waits.append(_kill_and_wait(service, ("worker",), UNPOSTED))
    desk.close()
    take_inventory(service, approved + UNDISTURBED)
    assert max(waits) <= GOES_ON_WITHIN
    tell(
        "Worker and card host killed at any moment",
        f"{ROUNDS} kills while orders were {dict(caught)}; an undisturbed card takes {takes:.1f} s. "
        f"Production went on within {max(waits):.1f} s, half of the times within {median(waits):.1f} s. "
        "Nothing was lost or done twice, and no serial number stands for two certificates.",
    )


def _applicants() -> Iterator[str]:
    """Identity codes of the fictive professionals, those whom the registers know without trouble first."""
    for line in PROFESSIONALS.read_text("utf-8").splitlines():
        code: str = json.loads(line)["identity_code"]
        yield code


def _apply(desk: Desk, applicants: Iterator[str]) -> int:
    """Apply for the next person who is approved; the number of the order."""
    for code in applicants:
        answer = desk.ask(code)
        if answer.get("order") is not None:
            order: int = answer["order"]
            return order
    raise AssertionError("more rounds than people with a right to practise")


def _undisturbed(service: WholeService, desk: Desk, applicants: Iterator[str]) -> float:
    """Seconds that one card takes when nobody is killed; the measure for the moment of killing."""
    _apply(desk, applicants)
    return _wait(service, UNFINISHED)


def _kill_and_wait(service: WholeService, victims: tuple[str, ...], unfinished: str) -> float:
    """Kill, and count the seconds until nothing is left to do."""
    for name in victims:
        until = time.monotonic() + GOES_ON_WITHIN
        while not service.kill(name):  # it is between two runs: the supervisor starts it soon
            assert time.monotonic() < until
            time.sleep(0.05)
    return _wait(service, unfinished)


def _wait(service: WholeService, unfinished: str) -> float:
    begun = time.monotonic()
    while service.rows(unfinished) != [(0,)]:
        waited = time.monotonic() - begun
        assert waited < 2 * GOES_ON_WITHIN, service.rows(
            "SELECT id, state, attempts, reason FROM cards_order ORDER BY id DESC LIMIT 3"
        )
        time.sleep(0.05)
    return time.monotonic() - begun
