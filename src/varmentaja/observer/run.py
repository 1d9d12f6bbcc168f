# SPDX-License-Identifier: EUPL-1.2
"""The program: a round, the record, the metrics, a log line for what began or ended; and again."""

from __future__ import annotations

import shutil
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic

import structlog

from varmentaja.domain.availability import Outage, limits
from varmentaja.domain.errors import DomainError, unavailable
from varmentaja.notify import say_ready
from varmentaja.observer.ask import Client
from varmentaja.observer.judge import Judge
from varmentaja.observer.metrics import write_metrics
from varmentaja.observer.openssl import OpenSsl
from varmentaja.observer.plan import read_plan
from varmentaja.observer.record import Record
from varmentaja.observer.rounds import Observer

_log = structlog.get_logger("observer")

METRICS = "metrics.prom"


@dataclass(frozen=True, slots=True)
class Places:
    """Where the observer finds what it reads, and leaves what it writes."""

    plan: Path
    roots: Path
    """Folder of the trusted roots."""
    folder: Path
    """Of the record, the report and the metrics."""
    directory_authority: Path | None = None
    """PEM of who certifies the directory's server."""


class Watch:
    """Rounds over a plan that may change from one to the next."""

    def __init__(self, places: Places, clock: Callable[[], datetime]) -> None:
        path = shutil.which("openssl")
        if path is None:
            raise unavailable("The observer needs the openssl command.")
        self._places = places
        self._clock = clock
        self._client = Client()
        self._observer = Observer(Judge(OpenSsl(path)), self._client)
        self._record = Record(places.folder, clock())

    def look(self) -> tuple[list[Outage], list[Outage]]:
        """One round, written down: the outages that are believed since now, and those that are over."""
        places = self._places
        plan = read_plan(places.plan, places.roots, places.directory_authority)
        begun, ended = self._record.add(self._observer.look(plan, self._clock))
        for outage in begun:  # told once, so before anything that a full disk stops
            _log.error("outage_begun", **_facts(outage))
        for outage in ended:
            _log.warning("outage_ended", **_facts(outage))
        write_metrics(places.folder / METRICS, self._record.publish())
        return begun, ended


def run(places: Places, interval: timedelta | None = None) -> None:
    """Look round after round until SIGTERM or SIGINT."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ]
    )
    watch = Watch(places, _utc_now)
    say_ready()
    seconds = (interval or limits().interval).total_seconds()
    while True:
        begun = monotonic()
        try:
            watch.look()
        except DomainError as error:
            _log.warning("no_round", reason=str(error))
        except Exception:
            _log.exception("round_failed")
        if stop.wait(max(1.0, seconds - (monotonic() - begun))):
            return


def _utc_now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _facts(outage: Outage) -> dict[str, object]:
    return {
        "service": outage.service.value,
        "trouble": outage.trouble.value,
        "since": outage.begun_at.isoformat(),
        "until": outage.ended_at and outage.ended_at.isoformat(),
        "subjects": list(outage.subjects),
        "detail": outage.detail,
    }
