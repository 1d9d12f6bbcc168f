# SPDX-License-Identifier: EUPL-1.2
"""How long a revocation takes to every responder while the worker has its hands full (decision 21)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from bench import nation, sizes
from procrastinate.contrib.django.models import ProcrastinateJob
from tests.soak.at_work import Asker, responder, wait_until, worker
from tests.support.amount import IS_SOAK, amount, tell
from tests.support.certificates import issue, revoke
from tests.support.service import Service

from varmentaja.adapters.sandbox.faults import Faults
from varmentaja.apps.cards.tasks import produce_card
from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.status.actions.publish_status import is_behind, publish_status
from varmentaja.apps.status.tasks import publish_changes
from varmentaja.domain.errors import DomainError

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("nothing_stays"),
    pytest.mark.timeout(3600 if IS_SOAK else 300),
]

FIRM = 2.0
"""Seconds, to the answer and to the list; kept where nobody else keeps the machine busy."""
BACKLOG = 200
OTHERS = ("english_speaker", "prescribing_nurse", "social_worker", "non_disclosure")
"""Whose cards are being made: as many as have a place in their lane."""
RENEWED = amount(4_000, 400_000)
VICTIMS = amount(3, 20)
"""Fewer than the gate lets through."""


def lag_of(row: Certificate, asker: Asker) -> tuple[float, float]:
    """Revoke; the seconds until it stands in the answer, and in the list."""
    begun = time.monotonic()
    revoke(row, now=datetime.now(UTC))
    wait_until(asker.is_answered)
    answered = time.monotonic() - begun
    wait_until(asker.is_listed)
    return answered, time.monotonic() - begun


def jobs(status: str) -> list[int]:
    found = ProcrastinateJob.objects.filter(task_name=produce_card.name, status=status)
    return list(found.order_by("id").values_list("id", flat=True))


def test_a_revocation_overtakes_two_hundred_cards_and_slow_registers(
    service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The registers answer when it is told, and not before: no place of production is free meanwhile."""
    answers, asked = threading.Event(), set[int]()
    strike = Faults.strike

    def slow(faults: Faults, system: str, no_answer: Callable[[], DomainError]) -> bool:
        if "register" in system:
            asked.add(threading.get_ident())
            assert answers.wait(60)
        return strike(faults, system, no_answer)

    (row,) = issue(1, now=service.now)
    publish_status(now=datetime.now(UTC))
    for role in OTHERS:
        service.submit(service.application(role))
    monkeypatch.setattr(Faults, "strike", slow)
    with responder(service, tmp_path) as server, worker():
        try:
            wait_until(lambda: len(asked) == len(OTHERS))
            for number in range(BACKLOG - len(OTHERS)):
                produce_card.defer(order_id=10**9 + number)
            held = jobs("doing")
            answered, listed = lag_of(row, Asker(service, server, row))
            assert jobs("doing") == held and len(jobs("todo")) == BACKLOG - len(OTHERS)
        finally:
            answers.set()
    tell(
        "A revocation while 200 production jobs wait behind slow registers",
        f"The responder told it after {answered:.2f} s by OCSP and after {listed:.2f} s in the list.",
    )
    assert not IS_SOAK or listed < FIRM


def test_revocations_overtake_the_renewal_of_everything(service: Service, tmp_path: Path) -> None:
    """Every answer is due, as after days without a publisher: batch after batch, and a set for each."""
    nation.fill(RENEWED // sizes.EACH, now=service.now)
    victims = issue(VICTIMS, now=service.now)
    while is_behind(service.now):
        assert publish_status(now=service.now) is not None
    Certificate.objects.update(answer_due_at=datetime.now(UTC))
    lags = []
    with responder(service, tmp_path) as server, worker():
        publish_changes.defer()
        wait_until(lambda: Certificate.objects.filter(answer_due_at__gt=datetime.now(UTC)).exists())
        for row in victims:
            lags.append(lag_of(row, Asker(service, server, row)))
        busy = is_behind(datetime.now(UTC))
        assert busy or not IS_SOAK, "the renewal takes longer than the test"
    answered, listed = (max(each) for each in zip(*lags, strict=True))
    tell(
        "Revocations while every answer is renewed",
        f"{RENEWED:,} answers were due. Of {VICTIMS} revocations the slowest stood in the responder's answer"
        f" after {answered:.2f} s and in its list after {listed:.2f} s.",
    )
    assert not IS_SOAK or max(answered, listed) < FIRM
