# SPDX-License-Identifier: EUPL-1.2
"""What a responder tells Prometheus (text format 0.0.4): what it was asked, how old what it serves is, and
whether it is behind."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import accumulate

from varmentaja.responder.ages import Ages, ages_of_lists
from varmentaja.responder.counters import BOUNDS, Counters
from varmentaja.responder.watch import View, Watch

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_Sample = tuple[str, float]
"""Labels (with what follows the name), and the value."""


def metrics(watch: Watch, counters: Counters, now: float) -> bytes:
    """The page of ``GET /metrics``; ``now`` in Unix seconds."""
    parts = [*_state(watch, now), *_requests(counters)]
    return "".join(parts).encode()


def _state(watch: Watch, now: float) -> Iterator[str]:
    view = watch.view
    yield _gauge("serving", "1 while there is a publication to serve.", view is not None)
    yield _gauge(
        "behind", "1 while the newest publication is refused and an older one is served.", bool(watch.problem)
    )
    if view:
        yield from _publication(view, now)
        yield from _ages("answer", watch.ages, now)
        yield from _ages("crl", ages_of_lists(view.snapshot), now)
    mirror = watch.mirror_state()
    if mirror:
        yield _gauge("mirror_behind", "1 while the mirror cannot follow its source.", bool(mirror["problem"]))
        looked = datetime.fromisoformat(str(mirror["looked_at"])).timestamp()
        yield _gauge("mirror_age_seconds", "Since the mirror last told that it lives.", now - looked)


def _publication(view: View, now: float) -> Iterator[str]:
    head = view.snapshot.head
    age = now - head.time.timestamp()
    yield _gauge("published_age_seconds", "Since the publication that is served was made.", age)
    overlay = head.overlay.number if head.overlay else 0
    for name, number in (("set", head.set.number), ("overlay", overlay)):
        yield _gauge(f"{name}_number", f"Number of the {name} that is served.", number)


def _ages(name: str, ages: Ages | None, now: float) -> Iterator[str]:
    if ages is not None:
        yield _gauge(
            f"{name}_age_seconds", f"Since the oldest {name} in force was signed.", now - ages.oldest
        )
        yield _gauge(f"{name}_left_seconds", f"Until the first {name} goes stale.", ages.first_end - now)


def _requests(counters: Counters) -> Iterator[str]:
    workers = list(enumerate(counters.workers))
    yield _family(
        "requests_total",
        "counter",
        "Answers by method and by what was said.",
        [
            (f'{{method="{method}",outcome="{outcome}",worker="{number}"}}', many)
            for number, worker in workers
            for method, outcome, many in worker.requests
        ],
    )
    yield _family(
        "request_seconds",
        "histogram",
        "From a whole request to its answer.",
        [
            sample
            for number, worker in workers
            for sample in _histogram(number, worker.buckets, worker.seconds)
        ],
    )
    yield _family(
        "connections",
        "gauge",
        "Open connections.",
        [(f'{{worker="{number}"}}', worker.connections) for number, worker in workers],
    )


def _histogram(worker: int, buckets: list[int], seconds: float) -> Iterator[_Sample]:
    for bound, many in zip((*BOUNDS, "+Inf"), accumulate(buckets), strict=True):
        yield f'_bucket{{le="{bound}",worker="{worker}"}}', many
    yield f'_sum{{worker="{worker}"}}', seconds
    yield f'_count{{worker="{worker}"}}', sum(buckets)


def _gauge(name: str, help_text: str, value: float) -> str:
    return _family(name, "gauge", help_text, [("", value)])


def _family(name: str, kind: str, help_text: str, samples: list[_Sample]) -> str:
    full = f"varmentaja_responder_{name}"
    lines = [f"{full}{labels} {round(+value, 6)}\n" for labels, value in samples]
    return f"# HELP {full} {help_text}\n# TYPE {full} {kind}\n{''.join(lines)}"
