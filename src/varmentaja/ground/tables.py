# SPDX-License-Identifier: EUPL-1.2
"""Tables of the database, brought up to date."""

from __future__ import annotations

from contextlib import closing

from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from varmentaja.domain.errors import conflict

OLDEST = 15
"""The oldest PostgreSQL that the service is tested on."""


def bring_up_to_date() -> bool:
    """Run the migrations that are missing; whether there were any. Raises as ``require_version``."""
    require_version()
    executor = MigrationExecutor(connection)
    if not executor.migration_plan(executor.loader.graph.leaf_nodes()):
        return False
    call_command("migrate", verbosity=0, interactive=False)
    return True


def require_version() -> None:
    """Raise DomainError conflict for a server older than ``OLDEST``; Django tolerates one more."""
    with closing(connection.get_new_connection(connection.get_connection_params())) as session:
        version = session.info.server_version // 10_000
    if version < OLDEST:
        raise conflict(
            "The database server is PostgreSQL %(version)s; the service needs %(oldest)s or newer.",
            version=version,
            oldest=OLDEST,
        )
