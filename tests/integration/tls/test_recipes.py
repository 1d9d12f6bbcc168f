# SPDX-License-Identifier: EUPL-1.2
"""What deploy/ holds: read by the programs it is written for, and doing what it says."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import psycopg
import pytest
from django.db import connection
from psycopg.conninfo import make_conninfo
from tests.support.postgres import DEBIAN

from varmentaja.ground.embedded_postgres import EmbeddedPostgres

DEPLOY = Path(__file__).parents[3] / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
ROLES = ("varmentaja_owner", "varmentaja_portal", "varmentaja_worker")
PORTAL, WORKER = ROLES[1:]


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_finds_no_fault_in_a_unit(unit: Path, tmp_path: Path) -> None:
    text = unit.read_text("utf-8")
    program = re.compile(r"/opt/varmentaja/bin/(varmentaja|python -m varmentaja\.\S+)")
    assert program.search(text)
    copy = tmp_path / unit.name
    copy.write_text(program.sub("/bin/true", text), "utf-8")
    done = subprocess.run(["systemd-analyze", "verify", str(copy)], capture_output=True, text=True)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_responders_unit_has_no_database_and_no_key() -> None:
    text = (DEPLOY / "systemd" / "varmentaja-responder.service").read_text("utf-8")
    assert "EnvironmentFile" not in text and "DATABASE_URL" not in text
    assert "BindReadOnlyPaths=/var/lib/varmentaja/publication /var/lib/varmentaja/run/publisher.pem\n" in text
    assert "AF_UNIX" not in text


@pytest.fixture
def roles(postgres: EmbeddedPostgres, transactional_db: None) -> str:
    """The test database's name, roles.sql run on it twice by Debian's psql."""
    name = str(connection.settings_dict["NAME"])
    address = make_conninfo(postgres.url, dbname=name)
    for _ in range(2):
        command = [str(DEBIAN / "psql"), "--dbname", address, "--no-psqlrc", "--quiet"]
        done = subprocess.run(
            [*command, "--file", str(DEPLOY / "postgresql" / "roles.sql")], capture_output=True, text=True
        )
        assert (done.returncode, done.stderr) == (0, "")
    return address


def allowed(address: str, role: str, statement: str) -> bool:
    """Whether a role may do this; everything is rolled back."""
    with psycopg.connect(address, user=role) as database:
        try:
            database.execute(statement)
        except psycopg.errors.InsufficientPrivilege:
            return False
        finally:
            database.rollback()
    return True


ENTRY = "INSERT INTO audit_entry (content) VALUES ('{}')"


@pytest.mark.django_db(transaction=True)
def test_each_role_has_what_it_needs_and_no_more(roles: str) -> None:
    for role in (PORTAL, WORKER):
        assert allowed(roles, role, "SELECT * FROM people_person")
        assert allowed(roles, role, "DELETE FROM access_handover")
        assert allowed(roles, role, "SELECT nextval(pg_get_serial_sequence('cards_card', 'id'))")
        assert allowed(roles, role, ENTRY)
        assert allowed(roles, role, "SELECT * FROM audit_link")
        for table in ("audit_entry", "audit_personalfacts", "audit_link"):
            assert not allowed(roles, role, f"DELETE FROM {table}")
            assert not allowed(roles, role, f"TRUNCATE {table} CASCADE")
        assert not allowed(roles, role, "UPDATE audit_entry SET content = '{}'")
        assert not allowed(roles, role, "ALTER TABLE audit_entry DISABLE TRIGGER ALL")
        assert not allowed(roles, role, "TRUNCATE people_person CASCADE")
        assert not allowed(roles, role, "CREATE TABLE other (id int)")
        assert not allowed(roles, role, "DELETE FROM django_migrations")
    sealing = "INSERT INTO audit_link (position, entry_id, hash) SELECT 1, 1, '' WHERE false"
    assert allowed(roles, WORKER, sealing) and not allowed(roles, PORTAL, sealing)
    assert allowed(roles, WORKER, "DELETE FROM audit_waiting")
    assert not allowed(roles, PORTAL, "DELETE FROM audit_waiting")
