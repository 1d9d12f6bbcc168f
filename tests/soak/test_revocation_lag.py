# SPDX-License-Identifier: EUPL-1.2
"""How long a revocation takes to every responder while the worker has its hands full (decision 21)."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from asgiref.sync import sync_to_async
from bench import nation, servers, sizes
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import ocsp
from django.db import connection, connections
from procrastinate.contrib.django.models import ProcrastinateJob
from tests.support.amount import IS_SOAK, amount, tell
from tests.support.certificates import AUTHORITY, issue, revoke
from tests.support.responder import request_for
from tests.support.service import Service

from varmentaja.adapters.sandbox.faults import Faults
from varmentaja.apps.cards.tasks import produce_card
from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.status.actions.publish_status import is_behind, publish_status
from varmentaja.apps.status.tasks import publish_changes
from varmentaja.domain.errors import DomainError
from varmentaja.ground.worker import work_until
from varmentaja.signer.keys import PUBLICATION_KEY

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(3600 if IS_SOAK else 300)]

FIRM = 2.0
"""Seconds, to the answer and to the list; kept where nobody else keeps the machine busy."""
BACKLOG = 200
OTHERS = ("english_speaker", "prescribing_nurse", "social_worker", "non_disclosure")
"""Whose cards are being made: as many as have a place in their lane."""
RENEWED = amount(4_000, 400_000)
VICTIMS = amount(3, 20)
"""Fewer than the gate lets through."""


@pytest.fixture(autouse=True)
def _nothing_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lanes' threads leave no connection behind, and other tests have left no jobs."""
    monkeypatch.setitem(connection.settings_dict, "CONN_MAX_AGE", 0)
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE procrastinate_jobs CASCADE")


@contextmanager
def worker() -> Iterator[None]:
    """The worker's lanes, in a thread: a browser's event loop may be running in this one."""
    loop, stop = asyncio.new_event_loop(), asyncio.Event()

    async def work() -> None:
        await work_until(stop)
        await sync_to_async(connections.close_all)()  # of the thread that defers jobs

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(work())

    with ThreadPoolExecutor(max_workers=1) as thread:
        done = thread.submit(run)
        try:
            yield
        finally:
            loop.call_soon_threadsafe(stop.set)
            done.result()


@contextmanager
def responder(service: Service, folder: Path) -> Iterator[servers.Running]:
    """A real one, over what is published."""
    public = service.demo.store.public_key(PUBLICATION_KEY)
    key = folder / "publisher.pem"
    key.write_bytes(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    with servers.stopping(servers.responder(folder, service.folder / "publication", key)) as running:
        yield running


class Asker:
    """Asks a responder about one certificate, by OCSP and for its list."""

    def __init__(self, service: Service, server: servers.Running, row: Certificate) -> None:
        self._serial = int(row.serial, 16)
        self._request = request_for(service.demo.hierarchy.authority(AUTHORITY).certificate, self._serial)
        self._client = httpx.Client(base_url=server.url)
        self._shard = row.shard

    def is_answered(self) -> bool:
        said = self._client.post(f"/ocsp/{AUTHORITY}", content=self._request).content
        return ocsp.load_der_ocsp_response(said).certificate_status is ocsp.OCSPCertStatus.REVOKED

    def is_listed(self) -> bool:
        crl = x509.load_der_x509_crl(self._client.get(f"/crl/{AUTHORITY}/{self._shard}.crl").content)
        return crl.get_revoked_certificate_by_serial_number(self._serial) is not None


def lag_of(row: Certificate, asker: Asker) -> tuple[float, float]:
    """Revoke; the seconds until it stands in the answer, and in the list."""
    begun = time.monotonic()
    revoke(row, now=datetime.now(UTC))
    wait_until(asker.is_answered)
    answered = time.monotonic() - begun
    wait_until(asker.is_listed)
    return answered, time.monotonic() - begun


def wait_until(true: Callable[[], bool]) -> None:
    until = time.monotonic() + 60
    while not true():
        assert time.monotonic() < until
        time.sleep(0.02)


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
