# SPDX-License-Identifier: EUPL-1.2
"""A demo's state for benchmarks that call the service's own code: database, keys, staff with cards."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from varmentaja.config import Settings, settings
from varmentaja.ground.embedded_postgres import EmbeddedPostgres

if TYPE_CHECKING:
    from django.db.backends.utils import CursorWrapper


@contextmanager
def prepared_state(folder: Path, *, staff: bool = True, shards: int = 1) -> Iterator[Settings]:
    """Make a state folder as ``varmentaja demo`` does, its database durable; set this process up on it.

    Without ``staff`` there are keys, authorities and empty tables, as the status services need them; each
    issuing authority has so many ``shards``.
    """
    os.environ["VARMENTAJA_STATE"] = str(folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "varmentaja.web.settings"
    settings.cache_clear()
    for each in (settings().run, settings().log):
        each.mkdir(parents=True, exist_ok=True)
    with EmbeddedPostgres(folder):
        _set_up(staff=staff, shards=shards)
        yield settings()


def _set_up(*, staff: bool, shards: int) -> None:
    import django

    from varmentaja.ground.tables import bring_up_to_date

    django.setup()
    bring_up_to_date()

    from varmentaja.ground.demo_data import prepare
    from varmentaja.ground.demo_hierarchy import DEMO_PLAN, demo_hierarchy, make_hierarchy
    from varmentaja.pki.ceremony import shipped_plan
    from varmentaja.wiring import connect_worker

    if shards > 1:  # a ceremony of another name, as an agency's own would be
        plan = shipped_plan(DEMO_PLAN, base_url=settings().responder_address)
        sharded = [
            planned if planned.role == "root" else replace(planned, shards=shards)
            for planned in plan.certificates
        ]
        make_hierarchy(replace(plan, id=f"{shards}-shards", certificates=tuple(sharded)), settings())
    hierarchy = demo_hierarchy(settings())
    if staff:
        prepare(hierarchy, tell=lambda _: None)
    else:
        connect_worker()


def wait_until_idle(seconds: float = 600.0) -> None:
    """Until the worker has sealed the evidence and done all that waited for it when it started."""
    from django.db import connection

    until = time.monotonic() + seconds
    with connection.cursor() as cursor:
        while True:
            cursor.execute(
                "SELECT (SELECT count(*) FROM audit_waiting) +"
                " (SELECT count(*) FROM procrastinate_jobs WHERE status IN ('todo', 'doing'))"
            )
            if cursor.fetchone() == (0,) and _is_at_work(cursor):
                return
            if time.monotonic() > until:
                raise RuntimeError("the worker does not come to an end")
            time.sleep(0.2)


def _is_at_work(cursor: CursorWrapper) -> bool:
    """Whether a worker has done anything yet."""
    cursor.execute("SELECT EXISTS (SELECT FROM procrastinate_jobs WHERE status = 'succeeded')")
    return bool(cursor.fetchone()[0])
