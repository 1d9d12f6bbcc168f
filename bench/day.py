# SPDX-License-Identifier: EUPL-1.2
"""A simulated day of the status services: ``python -m bench.day [--size certificates] [--steps steps]``.

After the first set, every step is a piece of the day: new certificates, a revocation that is timed until a
responder tells it, expiries, and the worker's own publishing of what has changed or nears its half-life. At
its end openssl verifies answers and lists against the records. The service's clock is put forward; seconds
are real. The report names its size, and so do its plots
(docs/benchmarks-day-<certificates>.svg).
"""

from __future__ import annotations

import argparse
import logging
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from bench import servers, sizes
from bench.harness import DOCS, Row, report
from bench.plot import Panel, draw
from bench.progress import progress
from bench.service import prepared_state
from bench.status import publish

if TYPE_CHECKING:
    from bench.day_steps import Step


def measure(size: int, steps: int, verified: int) -> tuple[list[Step], list[Row]]:
    """Publish a nation, then go through its day; what the steps took, and the figures before and after."""
    with (
        tempfile.TemporaryDirectory(prefix="varmentaja-bench-") as name,
        prepared_state(Path(name) / "state", staff=False, shards=sizes.shards_for(size)) as settings,
    ):
        from bench import day_steps, serving
        from bench.questions import Asker
        from varmentaja.pki.hierarchy import load_hierarchy

        logging.disable(logging.INFO)
        first = publish(size)
        asker = Asker(load_hierarchy(settings.hierarchy_folder, production=False), size)
        responder = servers.responder(Path(name), settings.publication, settings.publisher_key)
        with servers.stopping(responder), progress("steps of the day", steps) as tell:
            begin = datetime.now(UTC)
            done = day_steps.simulate(asker, responder, size=size, steps=steps, begin=begin, tell=tell)
            return done, [*first, *serving.verify(asker, responder, verified)]


def rows_of(done: list[Step], size: int) -> list[Row]:
    """The day in figures."""
    signed, busy = sum(step.signed for step in done), [step for step in done if step.signed > size / 100]
    lags = sorted(step.lag for step in done)
    written = sum(step.written for step in done)
    return [
        Row(
            "certificates whose answers were signed",
            signed,
            "",
            f"{signed / size:.2f} of all, two answers each",
        ),
        Row("work of the whole day", sum(step.refresh for step in done), "s", "revocations and renewals"),
        Row("longest step", max(step.refresh for step in done), "s", f"{len(busy)} steps held the renewals"),
        Row(
            "signing, judging and switching for a revocation, longest",
            lags[-1],
            "s",
            f"until a responder tells it; median {median(lags):.2f} s; without the worker and its queue",
            "revocation_lag",
        ),
        Row(
            "answers served by one worker, median",
            median(step.served for step in done),
            "/s",
            "GET, more certificates than it remembers",
        ),
        Row("memory of publisher, most", max(step.publisher for step in done), "MiB", "its own"),
        Row("memory of responder, most", max(step.responder for step in done), "MiB", "its own, one worker"),
        Row(
            "files written, and sent to each responder",
            written,
            "MiB",
            f"{written / size * 1024:.1f} KiB each",
        ),
    ]


def picture_of(done: list[Step]) -> str:
    """The day as SVG."""
    panels = [
        Panel("Answers served, a second", {"one worker": [step.served for step in done]}),
        Panel("Certificates signed for", {"in the step": [step.signed for step in done]}),
        Panel("Set refresh, s", {"until nothing was due": [step.refresh for step in done]}),
        Panel(
            "Revocation published, without the worker, s", {"at the responder": [step.lag for step in done]}
        ),
        Panel(
            "Memory, MiB",
            {
                "publisher": [step.publisher for step in done],
                "responder": [step.responder for step in done],
            },
        ),
    ]
    hours = [24 * (number + 1) / len(done) for number in range(len(done))]
    return draw(panels, hours, "hours of the simulated day")


def main() -> None:
    """Simulate and report."""
    parser = argparse.ArgumentParser(description="A simulated day of the status services.")
    parser.add_argument("--size", type=int, default=1_000_000, help="certificates, four for each cardholder")
    parser.add_argument("--steps", type=int, default=96)
    parser.add_argument("--verified", type=int, default=1000, help="answers that openssl verifies at its end")
    options = parser.parse_args()
    done, rows = measure(options.size, options.steps, options.verified)
    picture = DOCS / f"benchmarks-day-{options.size}.svg"
    picture.write_text(picture_of(done), encoding="utf-8")
    title = f"A simulated day of {options.size // sizes.EACH:,} cardholders, {options.size:,} certificates"
    shown = f"![The simulated day, step by step]({picture.name})"
    command = f"make bench-day SIZE={options.size}"
    sys.exit(0 if report(title, command, [*rows_of(done, options.size), *rows], after=shown) else 1)


if __name__ == "__main__":
    main()
