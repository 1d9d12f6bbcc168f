# SPDX-License-Identifier: EUPL-1.2
"""Pages: ``python -m bench.pages [--people 1000000] [--users 50] [--seconds 60]``.

The portal's own processes (granian, one for each core) over a database of so many synthetic people with a
card each (``apps/people/fill.py``). The users come at once, each over a connection of the own and reading a
page for a second on average; what they wait is counted, from the click on. Beside it: what the processes can
do when nobody reads, the decision page from the click on *Submit* on, and the checks of a sign-in.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles

import httpx

from bench import cores, load, servers
from bench.harness import Row, free_port, report
from bench.progress import progress
from bench.service import prepared_state
from bench.visitors import User, visit
from varmentaja.config import SECRETS, Settings

READING = (0.5, 1.5)
"""Seconds that a user looks at a page."""
_DECISIONS = 20
_CHECKS = 60
_SATURATED = 5


def measure(people: int, users: int, seconds: float) -> list[Row]:
    """Milliseconds, for the most part."""
    with tempfile.TemporaryDirectory() as name, prepared_state(Path(name) / "state") as settings:
        from bench import checks

        logging.disable(logging.INFO)
        filled = _fill(people)
        with _portal(settings, Path(name)) as port:
            rows = _used(port, people, users, seconds, Path(name))
        return [*rows, _row("sign-in: the checks of a signed challenge", checks.times(_CHECKS)), filled]


def _fill(people: int) -> Row:
    from django.db import connection

    from varmentaja.apps.people.fill import fill
    from varmentaja.apps.sandbox.clock import business_today

    begun = time.perf_counter()
    with progress("synthetic people", people) as tell:
        fill(people, now=datetime.now(UTC), today=business_today(), tell=tell)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    seconds = time.perf_counter() - begun
    how = f"{seconds:.0f} s; a person, an application, a card, an order, two certificates each"
    return Row("synthetic people stored", people / seconds, "/s", how)


@contextmanager
def _portal(settings: Settings, folder: Path) -> Iterator[int]:
    """The portal with a process for each core; its port."""
    port, cores = free_port(), os.cpu_count() or 1
    command = [sys.executable, "-m", "varmentaja", "portal", "--port", str(port), "--workers", str(cores)]
    with servers.process(command, folder / "portal.log", settings.variables(SECRETS)):
        until = time.monotonic() + 60
        while True:
            try:
                httpx.get(f"http://localhost:{port}/fi/").raise_for_status()
                break
            except httpx.TransportError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.1)
        yield port


def _used(port: int, people: int, count: int, seconds: float, folder: Path) -> list[Row]:
    from bench.decisions import Decisions
    from bench.users import Users

    decisions = Decisions(port, _DECISIONS)
    users = Users(port, people, decisions.last).make(count)
    for user in users:
        for click in user.pages.values():
            click()  # templates are compiled once in each process
    return [
        *_pages(users, seconds),
        _saturated(port, users, folder),
        _row("decision: from Submit to the page with its reasons", decisions.decided),
        _row("of that, the page", decisions.pages),
        _row("application: every step's action but the last, without pages", decisions.filled),
    ]


def _pages(users: Sequence[User], seconds: float) -> list[Row]:
    clock = cores.CoreClock(cores.descendants(os.getpid()))
    visits = visit(users, seconds, READING)
    spent = clock.seconds / len(visits) * 1000
    by_page: dict[str, list[float]] = {}
    for each in visits:
        by_page.setdefault(each.page, []).append(each.milliseconds)
    rate = f"{len(users)} users, {len(visits) / seconds:.0f} pages a second"
    how = f"{rate}, each {spent:.0f} ms of core time, database included"
    late = _p95([each.milliseconds for each in visits])
    return [
        Row("95th percentile of all pages", late, "ms", how, "page_p95"),
        *(_row(name, times) for name, times in sorted(by_page.items())),
    ]


def _saturated(port: int, users: Sequence[User], folder: Path) -> Row:
    """Nobody reads: as many requests under way as there are users."""
    requests = load.write_requests(
        folder / "pages",
        [
            load.get(path, {"Host": f"localhost:{port}", "Cookie": user.visitor.cookies})
            for user in users
            for path in user.paths
        ],
    )
    figures = load.ask_in_turn(f"http://localhost:{port}", requests, _SATURATED, connections=len(users))
    how = f"all {len(users)} asking without reading; 99th percentile {figures.p99:.0f} ms"
    return Row("pages a second at the most", figures.rate, "/s", how)


def _row(what: str, times: Sequence[float]) -> Row:
    return Row(what, median(times), "ms", f"p95 {_p95(times):.1f} ms, {len(times)} times")


def _p95(times: Sequence[float]) -> float:
    return quantiles(times, n=20)[-1] if len(times) > 1 else times[0]


def main() -> None:
    """Measure and report; exit code 1 if a firm limit is missed."""
    parser = argparse.ArgumentParser(description="Pages of the portal.")
    parser.add_argument("--people", type=int, default=1_000_000)
    parser.add_argument("--users", type=int, default=50)
    parser.add_argument("--seconds", type=float, default=60)
    given = parser.parse_args()
    command = (
        f"python -m bench.pages --people {given.people} --users {given.users} --seconds {given.seconds:g}"
    )
    kept = report(
        f"Pages, {given.people:,} cards", command, measure(given.people, given.users, given.seconds)
    )
    sys.exit(0 if kept else 1)


if __name__ == "__main__":
    main()
