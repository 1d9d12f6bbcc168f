# SPDX-License-Identifier: EUPL-1.2
"""A PostgreSQL for the tests of one process: the embedded one, or Debian's with
``VARMENTAJA_TEST_POSTGRES=debian``. Made when the first test asks for a database."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from django.db import connections
from pytest_django.plugin import DjangoDbBlocker

from varmentaja.ground.embedded_postgres import EmbeddedPostgres

AUDIT_TABLES = ("audit_entry", "audit_personalfacts", "audit_link")
DEBIAN = Path("/usr/lib/postgresql/15/bin")


def chosen_binaries() -> Path | None:
    """None for the embedded server's own."""
    return DEBIAN if os.environ.get("VARMENTAJA_TEST_POSTGRES") == "debian" else None


def make_database(server_url: str, name: str) -> str:
    """A new, empty database on the same server; its address."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return server_url.replace("///varmentaja?", f"///{name}?")


class Backup:
    """The tests' database as it was at a moment, whole; `restore` puts it back in its place."""

    def __init__(self, server: EmbeddedPostgres) -> None:
        self._server = server.url.replace("///varmentaja?", "///postgres?")
        self._name = str(connections["default"].settings_dict["NAME"])
        self._command(f'CREATE DATABASE "{self._copy}" TEMPLATE "{self._name}"')

    def restore(self) -> None:
        """Everything since is forgotten."""
        self._command(f'DROP DATABASE "{self._name}" WITH (FORCE)')
        self._command(f'ALTER DATABASE "{self._copy}" RENAME TO "{self._name}"')

    @property
    def _copy(self) -> str:
        return f"{self._name}_yesterday"

    def _command(self, words: str) -> None:
        """Without sessions in the database; the next query opens a new one."""
        connections.close_all()
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", [self._name]
            )
            connection.execute(words)


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """The session's server, without fsync."""
    state = tmp_path_factory.mktemp("pg")
    with EmbeddedPostgres(state, binaries=chosen_binaries(), durable=False) as server:
        yield server


@pytest.fixture(scope="session")
def django_db_modify_db_settings(postgres: EmbeddedPostgres) -> None:
    """pytest-django asks for this before it makes its test database: point Django at the session's server."""
    from django.db import connections

    from varmentaja.web.settings import database

    connections["default"].settings_dict.update(database(postgres.url))


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> None:
    """The database refuses to empty the audit's tables; tests with real transactions end with just that."""
    from django.db import connection

    with django_db_blocker.unblock(), connection.cursor() as cursor:
        for table in AUDIT_TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER audit_no_truncate")
