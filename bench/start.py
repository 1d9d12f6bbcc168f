# SPDX-License-Identifier: EUPL-1.2
"""Start of the whole service by ``varmentaja demo``: ``python -m bench.start [rounds]``.

Cold: an empty state folder, so that database, ceremony, tables and the staff's cards are made. Warm: the same
folder after ``kill -9``, with the database's recovery. Counted until the program says that it is ready and
the portal's front page has been answered.
"""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from pathlib import Path

import httpx
from tests.support.whole_service import WholeService

from bench.harness import Row, interleaved, report


def measure(rounds: int = 3) -> list[Row]:
    """Seconds until the service answers."""
    with tempfile.TemporaryDirectory() as name:
        services: list[WholeService] = []

        def cold() -> float:
            services.append(WholeService(Path(name) / f"state{len(services)}"))
            return _start(services[-1])

        try:
            times = interleaved({"cold": cold, "warm": lambda: _again(services[-1])}, rounds)
        finally:
            for service in services:
                _kill(service)
    return [
        Row("start, cold", times["cold"], "s", "empty folder to the answered front page", "start_cold"),
        Row("start, warm", times["warm"], "s", "the same after `kill -9`", "start_warm"),
    ]


def _start(service: WholeService) -> float:
    begun = time.monotonic()
    service.start()
    httpx.get(f"http://localhost:{service.port}/fi/", timeout=10).raise_for_status()
    return time.monotonic() - begun


def _again(service: WholeService) -> float:
    _kill(service)
    seconds = _start(service)
    _kill(service)
    return seconds


def _kill(service: WholeService) -> None:
    if service.process is not None and service.process.poll() is None:
        os.kill(service.process.pid, signal.SIGKILL)
        service.process.wait()


def main() -> None:
    """Measure and report; exit code 1 if a firm limit is missed."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    sys.exit(
        0 if report("Start of the whole service", f"python -m bench.start {rounds}", measure(rounds)) else 1
    )


if __name__ == "__main__":
    main()
