# SPDX-License-Identifier: EUPL-1.2
"""The audit trail: ``python -m bench.audit [--seconds 10] [--entries 300000]``.

Sixteen clients of the database, threads of two processes as in the portal, append entries, each in a
transaction of its own that is durable (fsync), while the worker seals as in the service; counted is what
stood in the chain within a second of its commit. The proof is that of ``varmentaja audit verify``, over
entries of which one in twenty has personal facts.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import subprocess
import sys
import tempfile
import threading
import time
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from bench import cores, servers
from bench.harness import ROOT, Row, report
from bench.service import prepared_state, wait_until_idle
from varmentaja.config import SECRETS, Settings

if TYPE_CHECKING:
    from varmentaja.apps.people.models import Person

PROCESSES, THREADS = 2, 8
"""Clients of the database, as the portal has them: threads of its workers."""
CLIENTS = PROCESSES * THREADS
WITHIN = 1.0
"""Seconds in which an entry is to be sealed."""
PERSONAL = 20
"""One entry of so many has personal facts."""
_BATCH = 5_000
_LOOK = 0.05

Appended = Sequence[tuple[int, float]]
"""Number of each entry, and when it was committed (Unix seconds)."""


def measure(seconds: float, entries: int) -> list[Row]:
    """Appending, then the proof."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with prepared_state(folder / "state", staff=False) as settings:
            logging.disable(logging.INFO)
            return [_append(folder, settings, seconds), _verify(settings, entries)]


def _append(folder: Path, settings: Settings, seconds: float) -> Row:
    with servers.worker(folder, settings), ExitStack() as running:
        clients = [running.enter_context(_client(settings, seconds)) for _ in range(PROCESSES)]
        for client in clients:
            _line(client)  # it is ready
        wait_until_idle()
        clock = cores.CoreClock(cores.descendants(os.getpid()))
        with _watching() as looks:
            for client in clients:
                _tell(client, "go")
            appended = [tuple(each) for client in clients for each in json.loads(_line(client))]
            time.sleep(2 * WITHIN)
        spent = clock.seconds / len(appended) * 1000
    lags = sorted(_lags(appended, looks))
    in_time = bisect_left(lags, WITHIN)
    delay = f"in the chain after {median(lags):.2f} s, the last after {lags[-1]:.2f} s"
    how = f"{len(lags):,} in {seconds:g} s, {spent:.2f} ms of core time each; {delay}"
    what = f"entries appended, {CLIENTS} clients, sealed within {WITHIN:.0f} s"
    return Row(what, in_time / seconds, "/s", how, "audit_append")


@contextmanager
def _client(settings: Settings, seconds: float) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "bench.audit", "--append", str(seconds)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, env=settings.variables(SECRETS), text=True, **pipes) as process:  # type: ignore[call-overload]  # pipes
        yield process


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline()


def _tell(process: subprocess.Popen[str], line: str) -> None:
    assert process.stdin
    process.stdin.write(f"{line}\n")
    process.stdin.flush()


def _be_clients(seconds: float) -> None:
    """What the threads of a process do: one entry after another."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "varmentaja.web.settings"
    import django

    django.setup()
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(_get_ready, THREADS * [threading.Barrier(THREADS)]))
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        sys.stdin.readline()
        made = pool.map(_append_until, THREADS * [time.time() + seconds])
        sys.stdout.write(json.dumps([each for appended in made for each in appended]) + "\n")
        sys.stdout.flush()
        sys.stdin.readline()  # until the pipe is closed: core time is read before the threads end


def _get_ready(all_of_them: threading.Barrier) -> None:
    """A thread opens its connection, and the first of them the keys."""
    from varmentaja.apps.people.models import Person

    _record(Person(pk=1), personal=True)
    all_of_them.wait()


def _append_until(end: float) -> list[tuple[int, float]]:
    """One client's entries: their numbers, and when they were committed."""
    from varmentaja.apps.people.models import Person

    appended, person = list[tuple[int, float]](), Person()  # an action has read her before it tells of her
    while time.time() < end:
        person.pk = len(appended) + 1
        number = _record(person, personal=len(appended) % PERSONAL == 0)
        appended.append((number, time.time()))
    return appended


def _record(person: Person, *, personal: bool) -> int:
    """An entry as actions make them, in a transaction of its own (or the caller's); its number."""
    from django.db import transaction

    from varmentaja.apps.audit.recording import AuditAction, record
    from varmentaja.domain.actors import SYSTEM

    told = {"text": f"Korpikangas {person.pk}"} if personal else None
    with transaction.atomic():
        return record(
            AuditAction.PERSON_READ,
            SYSTEM,
            person,
            facts={"part": "history"},
            personal=told,
        )


@contextmanager
def _watching() -> Iterator[list[tuple[float, int]]]:
    """When the chain was seen to reach which position."""
    looks: list[tuple[float, int]] = []
    stop = threading.Event()

    def watch() -> None:
        from django.db import connection

        with connection.cursor() as cursor:
            while not stop.wait(_LOOK):
                cursor.execute("SELECT coalesce(max(position), 0) FROM audit_link")
                looks.append((time.time(), cursor.fetchone()[0]))
        connection.close()

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield looks
    finally:
        stop.set()
        thread.join()


def _lags(appended: Appended, looks: Sequence[tuple[float, int]]) -> Iterator[float]:
    """Seconds from each commit to the first look that saw the entry in the chain."""
    from varmentaja.apps.audit.models import Link

    places = dict(Link.objects.values_list("entry_id", "position"))
    reached = [position for _, position in looks]
    for number, committed in appended:
        look = bisect_left(reached, places.get(number, float("inf")))
        yield looks[look][0] - committed if look < len(looks) else float("inf")


def _verify(settings: Settings, entries: int) -> Row:
    from varmentaja.apps.audit.sealing import seal_all
    from varmentaja.ground.proof import prove
    from varmentaja.ground.worker import sign_head

    _fill(entries)
    seal_all()
    sign_head()
    begun = time.perf_counter()
    proved = prove(None, None)
    seconds = time.perf_counter() - begun
    if proved["findings"]:
        raise RuntimeError(f"the trail is not proved: {proved['findings'][:5]}")
    how = f"{proved['links']:,} entries, {proved['personal']:,} with personal facts, in {seconds:.1f} s"
    return Row("entries verified", proved["links"] / seconds, "/s", how, "audit_verify")


def _fill(entries: int) -> None:
    """Many entries in few transactions."""
    from django.db import transaction

    from varmentaja.apps.audit.recording import AuditAction, record_each
    from varmentaja.apps.people.models import Person
    from varmentaja.domain.actors import SYSTEM

    numbers = iter(range(entries))
    while batch := list(islice(numbers, _BATCH)):
        with transaction.atomic():
            for number in batch[::PERSONAL]:
                _record(Person(pk=number + 1), personal=True)
            plain = [number for number in batch if number % PERSONAL]
            record_each(AuditAction.PERSON_READ, SYSTEM, [Person(pk=number + 1) for number in plain])


def main() -> None:
    """Measure and report; exit code 1 if a firm limit is missed."""
    parser = argparse.ArgumentParser(description="The audit trail.")
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--entries", type=int, default=300_000, help="that are verified")
    parser.add_argument("--append", type=float, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.append is not None:
        _be_clients(options.append)
        return
    command = f"python -m bench.audit --seconds {options.seconds:g} --entries {options.entries}"
    kept = report("Audit trail", command, measure(options.seconds, options.entries))
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
