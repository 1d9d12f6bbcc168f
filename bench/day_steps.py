# SPDX-License-Identifier: EUPL-1.2
"""The steps of a simulated day over a published nation (bench.day calls this)."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.db.models import Sum

from bench import lag, load, nation, servers, sizes
from bench.questions import Asker
from bench.servers import Running
from varmentaja.apps.certificates.actions.expire_certificates import ended_certificates, expire_certificate
from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.status.actions.publish_status import is_behind, publish_revocations, publish_status
from varmentaja.apps.status.models import Publication
from varmentaja.pki.publication import Head
from varmentaja.responder import shortcut

_DAY = timedelta(days=1)
_LIFE_DAYS = 1826
_DIFFERENT = 5 * shortcut.REMEMBERED
"""Certificates that are asked about after a step, for a second: more than a responder remembers."""


@dataclass(frozen=True)
class Step:
    """What one piece of the day took."""

    signed: float
    """Certificates whose answers were signed."""
    refresh: float
    """Seconds until nothing was due any more."""
    served: float
    """Answers a second from one responder."""
    lag: float
    """Seconds from a revocation to its answer, published by this process at once, before what else is due: a
    worker has a lane for it, but goes by the real clock, not by that of the simulated day. How long it takes
    through the worker, lag.py measures."""
    publisher: float
    """MiB."""
    responder: float
    """MiB."""
    written: float
    """MiB of new files."""


def simulate(
    asker: Asker,
    responder: Running,
    *,
    size: int,
    steps: int,
    begin: datetime,
    tell: Callable[[int], object] = lambda _: None,
) -> list[Step]:
    """Go through the day that begins at ``begin`` with a nation whose answers are all published."""
    done = []
    for number in range(steps):
        now = begin + _DAY * (number + 1) / steps
        _issue_and_expire(max(1, size // sizes.EACH // _LIFE_DAYS // steps), now, sizes.shards_for(size))
        done.append(_step(asker, responder, now))
        tell(number + 1)
    return done


def _issue_and_expire(holders: int, now: datetime, shards: int) -> None:
    """So many new cardholders; those whose time is over are noted, as the worker does."""
    nations = Certificate.objects.filter(profile_version="nation")
    known, last = nations.count() // sizes.EACH, nations.latest("id").pk
    nation.fill(known + holders, now=now, shards=shards)
    nations.filter(pk__gt=last).update(first_listed=None)  # no list tells of those that are revoked already
    for row in ended_certificates(now=now, limit=10_000):
        with transaction.atomic():
            expire_certificate(row.pk, now=now)


def _step(asker: Asker, responder: Running, now: datetime) -> Step:
    last = Publication.objects.latest("id").pk
    begun = time.perf_counter()
    lags = lag.revoke(
        asker, {"folder": responder}, now=now, publish=lambda: _publish(publish_revocations, now)
    )
    written = _new_mebibytes()
    while is_behind(now):
        _publish(publish_status, now)
        written += _new_mebibytes()
    refresh = time.perf_counter() - begun
    signed = Publication.objects.filter(pk__gt=last).aggregate(sum=Sum("answers"))["sum"]
    memory = servers.own_mebibytes(), responder.mebibytes()
    return Step(signed, refresh, _served(asker, responder), lags.answers["folder"], *memory, written)


def _publish(lane: Callable[..., Head | None], now: datetime) -> None:
    """As the worker does, by the clock of the simulated day."""
    if lane(now=now) is None:
        raise RuntimeError("a gate holds the day back")


def _served(asker: Asker, responder: Running) -> float:
    with tempfile.NamedTemporaryFile() as file:
        requests = (load.get(each.get) for each in asker.draw_many(_DIFFERENT))
        return load.ask_in_turn(responder.url, load.write_requests(Path(file.name), requests), 1).rate


def _new_mebibytes() -> float:
    """What the newest publication wrote: a file that an older set holds too is a link to it."""
    last = Publication.objects.latest("id")
    folder = Path(settings.PUBLICATION)
    files = [*(folder / "sets" / str(last.set_number)).iterdir()]
    if (overlay := folder / "overlay" / str(last.generation)).exists():
        files += overlay.iterdir()
        files = [file for file in files if file.stat().st_mtime >= overlay.stat().st_mtime - 1]
    return sum(file.stat().st_size for file in files if file.stat().st_nlink == 1) / 2**20
