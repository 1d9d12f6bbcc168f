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
def prepared_state(folder: Path) -> Iterator[Settings]:
    """Make a state folder as ``varmentaja demo`` does, its database durable; set this process up on it."""
    os.environ["VARMENTAJA_STATE"] = str(folder)
    os.environ["DJANGO_SETTINGS_MODULE"] = "varmentaja.web.settings"
    settings.cache_clear()
    for each in (settings().run, settings().log):
        each.mkdir(parents=True, exist_ok=True)
    with EmbeddedPostgres(folder):
        _set_up()
        yield settings()


def _set_up() -> None:
    import django

    from varmentaja.ground.tables import bring_up_to_date

    django.setup()
    bring_up_to_date()

    from varmentaja.ground.demo_data import prepare

    prepare(tell=lambda _: None)
