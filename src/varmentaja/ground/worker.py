# SPDX-License-Identifier: EUPL-1.2
"""The worker: jobs of the queues in lanes, and beside them what must not wait in a queue.

Each lane has jobs of its own and threads of its own: a revocation never waits behind two hundred cards, nor
behind the merging of a publication set (docs/decisions/0052-lanes.md).

Beside the queue run the audit's sealer (every 0.3 s), its signed head (every minute), the card reader
program's list of versions (when the worker starts, and looked at every hour), and the finder of jobs
whose worker died: such jobs are put back, at the start and every 15 s (decision 6).
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module

import structlog
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import close_old_connections
from procrastinate import App
from procrastinate.contrib.django import app
from procrastinate.contrib.django.django_connector import DjangoConnector

from varmentaja.apps.audit.heads import publish_head
from varmentaja.apps.audit.sealing import seal_all
from varmentaja.apps.status.tasks import URGENT, publish_changes
from varmentaja.config import settings
from varmentaja.files import write_new
from varmentaja.ground.ceremony import record_ceremony
from varmentaja.ground.keys import authority_store
from varmentaja.ground.reader_versions import publish_versions
from varmentaja.ground.renewal import renew_delegation, renew_due_responders
from varmentaja.notify import say_ready
from varmentaja.pki.algorithms import Hash
from varmentaja.signer.keys import AUDIT_KEY
from varmentaja.wiring import connect_worker

log = structlog.get_logger(__name__)

_TURN = 0.0005
"""Seconds that a thread computes on while another one waits. A revocation waits so long after each word with
the database, a hundred times over, while a set is merged; with Python's own 0.005 it took 0.2 s longer."""
SEAL_SECONDS = 0.3
HEAD_SECONDS = 60.0
VERSIONS_SECONDS = 3600.0
RENEWAL_SECONDS = 3600.0
STALLED_SECONDS = 15.0
HEARTBEAT_SECONDS = 3.0
DEAD_SECONDS = 10.0
"""A worker without a heartbeat for so long is dead."""


@dataclass(frozen=True, slots=True)
class Lane:
    """Queues that are worked through together, and how many jobs at a time."""

    name: str
    queues: tuple[str, ...]
    jobs: int


def lanes() -> Iterator[Lane]:
    """What overtakes, what must be published in time, and all the rest."""
    yield Lane("urgent", (URGENT,), 1)
    yield Lane("status", ("status", "directory"), 3)
    others = {task.queue for task in app.tasks.values()} - {URGENT, "status", "directory"}
    yield Lane("others", tuple(sorted(others)), 4)


def run() -> None:
    """Work until SIGTERM or SIGINT."""
    sys.setswitchinterval(_TURN)
    connect_worker()
    record_ceremony(settings())
    publish_changes.defer()  # what a worker that died was about to publish
    seal_all()  # so that there is something for the first head to sign
    stop = threading.Event()
    beside = [
        threading.Thread(target=_every, args=(SEAL_SECONDS, seal_all, stop), name="sealer"),
        threading.Thread(target=_every, args=(HEAD_SECONDS, sign_head, stop), name="head"),
        threading.Thread(
            target=_every, args=(RENEWAL_SECONDS, renew_due_responders, stop), name="responders"
        ),
        threading.Thread(target=_every, args=(RENEWAL_SECONDS, renew_delegation, stop), name="delegation"),
        threading.Thread(target=_every, args=(VERSIONS_SECONDS, publish_versions, stop), name="versions"),
    ]
    for thread in beside:
        thread.start()
    try:
        asyncio.run(_work())
    finally:
        stop.set()
        for thread in beside:
            thread.join()
    seal_all()
    sign_head()


def sign_head() -> None:
    """Publish the audit chain's signed head, and the key that proves it."""
    store = authority_store()
    folder = settings().audit_heads
    folder.mkdir(parents=True, exist_ok=True)
    if not settings().audit_key.exists():
        public = store.public_key(AUDIT_KEY)
        write_new(settings().audit_key, public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))
    publish_head(folder, lambda data: store.sign(AUDIT_KEY, data, Hash.SHA256), now=datetime.now(UTC))


def _every(seconds: float, work: Callable[[], object], stop: threading.Event) -> None:
    """Do ``work`` again and again; a failure is logged and the next round tries anew."""
    while True:
        try:
            work()
        except Exception:
            log.exception("failed beside the queue", work=work.__name__)
            close_old_connections()
        if stop.wait(seconds):
            return


async def _work() -> None:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    await work_until(stop)


async def work_until(stop: asyncio.Event) -> None:
    """Work in all lanes until told to stop; a lane that ends by itself takes the others with it."""
    connector = app.connector
    assert isinstance(connector, DjangoConnector)
    queue = app.with_connector(connector.get_worker_connector())
    chosen = list(lanes())
    threads = ThreadPoolExecutor(sum(lane.jobs for lane in chosen), "jobs")
    asyncio.get_running_loop().set_default_executor(threads)
    async with queue.open_async():
        await put_back_stalled(queue)
        say_ready()
        # No card and no revocation is to wait for it (pki/lint/pool.py).
        threading.Thread(
            target=import_module, args=("varmentaja.pki.lint.external",), name="linters", daemon=True
        ).start()
        finder = asyncio.create_task(_find_stalled(queue))
        running = [asyncio.create_task(_run_lane(queue, lane)) for lane in chosen]
        told = asyncio.create_task(stop.wait())
        await asyncio.wait([told, *running], return_when=asyncio.FIRST_COMPLETED)
        for task in (finder, told, *running):
            task.cancel()
        for ended in await asyncio.gather(*running, return_exceptions=True):
            if isinstance(ended, Exception):
                raise ended


async def _run_lane(queue: App, lane: Lane) -> None:
    await queue.run_worker_async(
        name=f"{lane.name}-{os.getpid()}",
        queues=list(lane.queues),
        concurrency=lane.jobs,
        install_signal_handlers=False,
        fetch_job_polling_interval=1.0,
        update_heartbeat_interval=HEARTBEAT_SECONDS,
        stalled_worker_timeout=DEAD_SECONDS,
        shutdown_graceful_timeout=5.0,
    )


async def _find_stalled(queue: App) -> None:
    while True:
        await asyncio.sleep(STALLED_SECONDS)
        try:
            await put_back_stalled(queue)
        except Exception:
            log.exception("stalled jobs could not be put back")


async def put_back_stalled(queue: App) -> int:
    """Have every job of a dead worker done again; how many there were."""
    count = 0
    for job in await queue.job_manager.get_stalled_jobs(seconds_since_heartbeat=DEAD_SECONDS):
        await queue.job_manager.retry_job(job)
        log.warning("job of a dead worker put back", job=job.id, task=job.task_name)
        count += 1
    return count
