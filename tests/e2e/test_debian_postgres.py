# SPDX-License-Identifier: EUPL-1.2
"""The whole service on somebody's PostgreSQL 15, by ``DATABASE_URL`` alone, with a password that few know."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from tests.support.postgres import DEBIAN
from tests.support.whole_service import WholeService, whole_service

from varmentaja.ground.embedded_postgres import EmbeddedPostgres

pytestmark = pytest.mark.xdist_group("debian-demo")

PASSWORD = "a-password-that-only-the-portal-and-the-worker-need"
KNOWN_TO = {"portal", "worker", "tlshost"}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WholeService]:
    folder = tmp_path_factory.mktemp("debian")
    with EmbeddedPostgres(folder / "pg", binaries=DEBIAN, durable=False) as server:
        address = f"postgresql://varmentaja:{PASSWORD}@/varmentaja?host={server.sockets}"
        with whole_service(folder / "var", database=address) as made:
            yield made


def test_the_story_of_a_card_is_played_on_postgresql_15(demo: WholeService) -> None:
    with psycopg.connect(demo.database) as connection:
        assert connection.info.server_version // 10000 == 15
    played = demo.say("tour", "card", "--json")
    document = json.loads(played.stdout)
    assert played.returncode == 0 and document["ok"], document["steps"][-1]
    assert not (demo.state / "postgres").exists(), "no database of its own was made"
    assert demo.status()["database"] == {"embedded": False}


def test_the_password_is_in_nobodys_memory_who_does_not_need_it(demo: WholeService) -> None:
    found = {name for name, service in demo.services().items() if knows(service["pid"], PASSWORD.encode())}
    assert {"portal", "worker"} <= found <= KNOWN_TO, "portal and worker show that the search finds it"


def knows(process: int, secret: bytes) -> bool:
    """Whether the memory that a process, or one that it forked, may write to holds the secret."""
    return any(_holds(each, secret) for each in (process, *_children(process)))


def _children(process: int) -> list[int]:
    return [int(each) for each in Path(f"/proc/{process}/task/{process}/children").read_text().split()]


def _holds(process: int, secret: bytes) -> bool:
    with Path(f"/proc/{process}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{process}/maps").read_text("utf-8").splitlines():
            area = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
            if area is None:
                continue
            begin, end = (int(each, 16) for each in area.groups())
            try:
                memory.seek(begin)
                if secret in memory.read(end - begin):
                    return True
            except OSError:  # an area of the kernel's
                continue
    return False
