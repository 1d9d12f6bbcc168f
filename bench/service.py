# SPDX-License-Identifier: EUPL-1.2
"""A demo's state for benchmarks that call the service's own code: database, keys, staff with cards."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from varmentaja.config import Settings, settings
from varmentaja.ground.embedded_postgres import EmbeddedPostgres


@contextmanager
def prepared_state(folder: Path, *, staff: bool = True) -> Iterator[Settings]:
    """Make a state folder as ``varmentaja demo`` does, its database durable; set this process up on it.

    Without ``staff`` there are keys, authorities and empty tables, as the status services need them.
    """
    os.environ["VARMENTAJA_STATE"] = str(folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "varmentaja.web.settings"
    settings.cache_clear()
    for each in (settings().run, settings().log):
        each.mkdir(parents=True, exist_ok=True)
    with EmbeddedPostgres(folder):
        _set_up(staff=staff)
        yield settings()


def _set_up(*, staff: bool) -> None:
    import django

    from varmentaja.ground.tables import bring_up_to_date

    django.setup()
    bring_up_to_date()

    from varmentaja.ground.demo_data import hold_ceremony, prepare
    from varmentaja.wiring import connect_worker

    if staff:
        prepare(tell=lambda _: None)
    else:
        hold_ceremony(settings())
        connect_worker()
