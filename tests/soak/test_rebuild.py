# SPDX-License-Identifier: EUPL-1.2
"""A nation's publication is lost, or yesterday's, and the worker makes it anew beside what is followed."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from bench import nation, sizes
from tests.integration.apps.test_status import published
from tests.soak.at_work import Asker, responder, wait_until, worker
from tests.support.amount import IS_SOAK, amount, tell
from tests.support.certificates import issue, revoke
from tests.support.service import Service

from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.status.actions.publish_status import is_behind, publish_status
from varmentaja.apps.status.models import Hold, Rebuild
from varmentaja.apps.status.tasks import publish_changes

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("nothing_stays"),
    pytest.mark.timeout(3600 if IS_SOAK else 300),
]

CERTIFICATES = amount(6_000, 400_000)
"""More than are signed in one step."""
PATIENCE = 1800.0
"""Seconds for everything anew."""


def publish_all(now: datetime) -> None:
    while True:
        assert publish_status(now=now) is not None
        if not is_behind(now):
            return


@contextmanager
def asking(good: Asker, revoked: Asker) -> Iterator[list[bool]]:
    """Asked all the time by one who relies on it: the one is good, the other is not, at every moment."""
    stopping, told = threading.Event(), list[bool]()

    def ask() -> None:
        while not stopping.wait(0.02):
            try:
                told.append(revoked.is_answered() and not good.is_answered())
            except Exception:  # no answer is as wrong as another one
                told.append(False)

    thread = threading.Thread(target=ask)
    thread.start()
    try:
        yield told
    finally:
        stopping.set()
        thread.join()
    assert told and all(told), f"{told.count(False)} of {len(told)} answers were wrong"


@pytest.mark.parametrize("found", ["nothing", "yesterday's copy"])
def test_a_nation_is_published_anew_while_responders_answer(
    service: Service, tmp_path: Path, found: str
) -> None:
    nation.fill(CERTIFICATES // sizes.EACH, now=service.now)
    good, revoked, last = issue(3, now=service.now)
    publish_all(service.now)
    folder, copy = service.folder / "publication", tmp_path / "yesterday"
    shutil.copytree(folder, copy)
    revoke(revoked, now=datetime.now(UTC))
    publish_all(datetime.now(UTC))
    before = published(service)
    with responder(service, tmp_path) as server:
        ask = {row.pk: Asker(service, server, row) for row in (good, revoked, last)}
        with asking(ask[good.pk], ask[revoked.pk]) as told:
            shutil.rmtree(folder)
            if found != "nothing":
                copy.rename(folder)
            begun = time.monotonic()
            with worker():
                publish_changes.defer()
                wait_until(Rebuild.objects.exists)
                revoke(last, now=datetime.now(UTC))
                wait_until(Rebuild.objects.exclude(finished_at=None).exists, PATIENCE)
                anew = time.monotonic() - begun
                wait_until(ask[last.pk].is_listed)
        assert ask[last.pk].is_answered()
    now = published(service)
    assert {entry.serial for name in now.certificates for each in now.segments(name) for entry in each} == {
        int(serial, 16) for serial in Certificate.objects.values_list("serial", flat=True)
    }
    assert all(now.crls[name].ref.number > list_.ref.number for name, list_ in before.crls.items())
    assert not Hold.objects.exists(), Hold.objects.values()
    tell(
        f"A publication of which {found} is left",
        f"{CERTIFICATES:,} certificates were told of anew within {anew:.0f} s. The responder was asked"
        f" {len(told):,} times meanwhile about one that was revoked just before the loss and one that is good"
        " and answered rightly each time; what was revoked after the loss is told, and no number went back.",
    )
