# SPDX-License-Identifier: EUPL-1.2
"""The embedded server: starts, keeps its data, survives kill -9, hides behind its folder."""

from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from varmentaja.domain.errors import DomainError, Kind
from varmentaja.ground.embedded_postgres import LONGEST_SOCKET, EmbeddedPostgres, socket_folder
from varmentaja.ground.postgres_user import as_nobody

HOLD = """
import sys, time
from pathlib import Path
from varmentaja.ground.embedded_postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]))
server.start()
print(server.pid, flush=True)
time.sleep(600)
"""


def ask(server: EmbeddedPostgres, question: str) -> object:
    with psycopg.connect(server.url) as connection:
        row = connection.execute(question).fetchone()
        return row[0] if row else None


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def wait_until_gone(pid: int, seconds: float) -> None:
    until = time.monotonic() + seconds
    while alive(pid):
        assert time.monotonic() < until, "still there"
        time.sleep(0.02)


def holder(state: Path) -> tuple[subprocess.Popen[str], int]:
    """A program that holds a server; the program and the server's process number."""
    program = subprocess.Popen([sys.executable, "-c", HOLD, state], stdout=subprocess.PIPE, text=True)
    assert program.stdout is not None
    return program, int(program.stdout.readline())


def test_keeps_data_between_starts(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path) as server, psycopg.connect(server.url) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 'Äijälä' AS name")
    with EmbeddedPostgres(tmp_path) as server:
        assert ask(server, "SELECT name FROM kept") == "Äijälä"
        assert ask(server, "SHOW server_encoding") == "UTF8"
        assert ask(server, "SHOW fsync") == "on"
        assert ask(server, "SHOW listen_addresses") == ""


def test_only_the_owner_can_reach_it(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path) as server:
        for folder in (server.sockets, server.data):
            assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_killed_program_leaves_no_server_and_no_loss(tmp_path: Path) -> None:
    program, server_pid = holder(tmp_path)
    with psycopg.connect(EmbeddedPostgres(tmp_path).url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
        program.kill()
        program.wait()
    wait_until_gone(server_pid, 10)
    with EmbeddedPostgres(tmp_path) as server:
        assert ask(server, "SELECT one FROM kept") == 1


def test_a_killed_server_recovers(tmp_path: Path) -> None:
    program, server_pid = holder(tmp_path)
    with psycopg.connect(EmbeddedPostgres(tmp_path).url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
    os.kill(server_pid, signal.SIGKILL)
    wait_until_gone(server_pid, 5)
    assert (tmp_path / "postgres/data/postmaster.pid").exists()
    with EmbeddedPostgres(tmp_path) as server:
        assert ask(server, "SELECT one FROM kept") == 1
    program.kill()
    program.wait()


def test_a_stale_process_number_that_another_program_has_now_does_not_stop_it(tmp_path: Path) -> None:
    with EmbeddedPostgres(tmp_path) as server:
        pid_file = server.data / "postmaster.pid"
        left_behind = pid_file.read_text("utf-8")
    other = subprocess.Popen(["sleep", "60"])
    try:
        pid_file.write_text("\n".join([str(other.pid), *left_behind.splitlines()[1:], ""]), "utf-8")
        with EmbeddedPostgres(tmp_path) as server:
            assert ask(server, "SELECT 1") == 1
    finally:
        other.kill()
        other.wait()


def test_a_half_made_folder_is_made_anew(tmp_path: Path) -> None:
    half = tmp_path / "postgres" / "data.new"
    half.mkdir(parents=True)
    (half / "PG_VERSION").write_text("18\n", "ascii")
    with EmbeddedPostgres(tmp_path, durable=False) as server:
        assert ask(server, "SELECT 1") == 1


def test_data_of_another_version_are_refused_with_the_way_out(tmp_path: Path) -> None:
    data = tmp_path / "postgres" / "data"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("12\n", "ascii")
    with pytest.raises(DomainError, match="pg_dump") as caught:
        EmbeddedPostgres(tmp_path).start()
    assert caught.value.kind is Kind.CONFLICT


def test_a_server_in_use_is_not_taken_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("varmentaja.ground.embedded_postgres.LEAVE_SECONDS", 0.2)
    with EmbeddedPostgres(tmp_path, durable=False), pytest.raises(DomainError, match="Another program"):
        EmbeddedPostgres(tmp_path, durable=False).start()


def test_a_long_path_gets_a_short_socket(tmp_path: Path) -> None:
    state = tmp_path / ("long" * 30)
    folder = socket_folder(state)
    assert len(os.fsencode(folder)) < LONGEST_SOCKET - 20
    assert folder == socket_folder(state) != socket_folder(tmp_path / ("long" * 31))
    with EmbeddedPostgres(state, durable=False) as server:
        assert ask(server, "SELECT 1") == 1


def test_root_without_namespaces_runs_it_as_nobody(tmp_path: Path) -> None:
    assert os.getuid() == 0, "this test drops from root"
    server = EmbeddedPostgres(tmp_path, durable=False, binaries=Path("/usr/lib/postgresql/15/bin"))
    server.user = as_nobody(server.user.base, server.binaries)
    server.data = server.user.base / "data"
    try:
        with server:
            assert ask(server, "SELECT 1") == 1
            assert server.data.stat().st_uid == server.user.uid != 0
        assert "nobody" in server.user.note
    finally:
        subprocess.run(["rm", "-rf", server.user.base], check=True)


def test_warm_start_takes_no_second(tmp_path: Path) -> None:
    EmbeddedPostgres(tmp_path).__enter__().stop()
    begun = time.monotonic()
    with EmbeddedPostgres(tmp_path):
        assert time.monotonic() - begun < 3
