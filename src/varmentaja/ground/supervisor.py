# SPDX-License-Identifier: EUPL-1.2
"""``varmentaja demo``: the whole service on one machine, from one command, and gone without a trace.

Every child is on a leash (``leash.py``), so that even ``kill -9`` of the supervisor ends all of them. The
main thread starts and watches them; nothing else does. What is named by a file in ``var/run/paused/`` (a
child, or ``database``) stands still until the file is removed.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import IO, Any

from rich.console import Console
from rich.table import Table

from varmentaja.config import SECRETS, Settings, settings
from varmentaja.domain.errors import conflict
from varmentaja.ground.embedded_postgres import EmbeddedPostgres
from varmentaja.ground.nursery import Nursery
from varmentaja.ground.preparation import follow
from varmentaja.ground.readiness import Readiness
from varmentaja.ground.service import STOP_SECONDS, Service, all_services
from varmentaja.ground.status import read_status, write_status

DATABASE = "database"
WATCH_SECONDS = 0.05
PORT_SECONDS = 5.0
"""How long the children of a killed supervisor may take to leave their ports."""
READY_SECONDS = 60.0


def run_demo() -> int:
    """Start everything, watch it until Ctrl-C or SIGTERM, stop it. The exit code."""
    return Supervisor(settings(), Console(highlight=False)).run()


class Supervisor:
    """One run of the demo on one state folder."""

    def __init__(self, now: Settings, console: Console) -> None:
        self._settings = now
        self._console = console
        self._services = all_services(now)
        self._database: EmbeddedPostgres | None = None
        self._is_preparing = True
        self._stopping = False

    def run(self) -> int:
        """See ``run_demo``."""
        begun = time.monotonic()
        for folder in (self._settings.run, self._settings.log):
            folder.mkdir(parents=True, exist_ok=True)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._on_signal)
        with lock(self._settings.run / "demo.lock"), ExitStack() as stack:
            self._log = stack.enter_context((self._settings.log / "supervisor.log").open("ab"))
            shutil.rmtree(self._settings.paused, ignore_errors=True)
            self._check_ports()
            self._nursery = Nursery(self._settings.variables(), self._log)
            stack.callback(self._close_nursery)
            self._readiness = stack.enter_context(closing(Readiness(self._settings.run / "notify.sock")))
            try:
                self._prepare()
                self._start_services()
                if not self._stopping:
                    self._welcome(time.monotonic() - begun)
                    self._build_reader_package()
                self._watch()
            except KeyboardInterrupt:
                self._console.print("Interrupted.")
            finally:
                self._stop()
        return 0

    def _check_ports(self) -> None:
        """All of them, before anything is started: a program whose port is taken would only end again."""
        was_killed = (self._settings.run / "status.json").exists()
        until = time.monotonic() + (PORT_SECONDS if was_killed else 0.0)
        for service in self._services:
            if service.port is not None:
                wait_for_port(service.port, service.name, until)
        wait_for_signing_interface(self._settings.scs_ports, until)

    def _prepare(self) -> None:
        if self._settings.embedded:
            self._database = EmbeddedPostgres(self._settings.state)
            if self._database.user.note:
                self._console.print(f"Note: {self._database.user.note}")
            with self._step("database"):
                self._database.start()
        with self._step("preparation") as tell:
            self._run_preparation(tell)

    def _run_preparation(self, tell: Callable[[str], None]) -> None:
        reading, writing = os.pipe()
        with os.fdopen(reading, encoding="utf-8") as lines:
            child = self._nursery.fork(
                ["prepare"], self._settings.variables(SECRETS), writing, self._log.fileno()
            )
            os.close(writing)
            try:
                follow(lines, tell)
            finally:
                child.signal(signal.SIGTERM)  # it has ended, or is not waited for: a start goes on with it

    def _start_services(self) -> None:
        self._is_preparing = False
        with self._step("services"):
            for service in self._services:
                self._start(service)
            until = time.monotonic() + READY_SECONDS
            while not self._stopping and time.monotonic() < until:
                if all(service.ready for service in self._services):
                    break
                self._watch_once()
        late = [service for service in self._services if not service.ready]
        for service in late:
            self._console.print(f"  {service.name} is not ready; see {service.log}")

    def _build_reader_package(self) -> None:
        """Beside the services, which are ready by now: nobody waits for it."""
        if self._settings.reader_package:
            file = self._settings.log / "reader-package.log"
            with file.open("ab") as log, suppress(OSError):  # the nursery has ended: the next start builds
                output = log.fileno()
                self._nursery.fork(["reader-package"], self._settings.variables(), output, output)

    def _start(self, service: Service) -> None:
        try:
            service.start(self._nursery, self._settings, self._readiness.variables)
        except OSError:  # the nursery has ended, and with it whatever it had forked
            self._close_nursery()
            self._nursery = Nursery(self._settings.variables(), self._log)
            service.start(self._nursery, self._settings, self._readiness.variables)

    def _close_nursery(self) -> None:
        self._nursery.close()

    def _watch(self) -> None:
        self._write_status()
        while not self._stopping:
            self._watch_once()

    def _watch_once(self) -> None:
        heard, paused, changed = self._readiness.heard(), self._paused(), False
        for service in self._services:
            if service.name in paused:
                changed |= service.pause()
                continue
            if service.paused:
                self._start(service)
                changed = True
            if service.has_changed(heard):
                changed = True
                if service.process is None:
                    self._console.print(f"{service.name} ended and is started again; see {service.log}")
            if service.is_due:
                service.restarts += 1
                self._start(service)
                changed = True
        if self._watch_database(paused) or changed:
            self._write_status()
        time.sleep(WATCH_SECONDS)

    def _paused(self) -> set[str]:
        try:
            return {file.name for file in self._settings.paused.iterdir()}
        except FileNotFoundError:
            return set()

    def _watch_database(self, paused: set[str]) -> bool:
        """Paused after the programs that work with it; True when something changed."""
        if self._database is None:
            return False
        if DATABASE in paused:
            ran = self._database.pid is not None
            self._database.stop()
            return ran
        if self._database.pid is None:
            self._console.print("the database is started again")
            self._database.start()
            return True
        return False

    def _stop(self) -> None:
        until = time.monotonic() + STOP_SECONDS
        for service in self._services:
            service.ask_to_stop()
        for service in self._services:
            service.stop(until)
        if self._database is not None:
            self._database.stop()
        (self._settings.run / "status.json").unlink(missing_ok=True)
        self._console.print("Stopped.")

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        """The first signal stops at the next look round, or at once while something is being prepared."""
        self._stopping = True
        if self._is_preparing:
            raise KeyboardInterrupt

    def _write_status(self) -> None:
        database: dict[str, Any] = {"embedded": self._settings.embedded}
        if self._database is not None:
            database |= {"pid": self._database.pid, "address": self._database.url}
        write_status(self._settings, os.getpid(), database, self._services)

    @contextmanager
    def _step(self, name: str) -> Iterator[Callable[[str], None]]:
        """Show that ``name`` is being done, and how long it took; gives a function to tell more."""
        begun = time.monotonic()
        with self._console.status(f"{name} …") as shown:
            yield lambda text: shown.update(f"{name}: {text}")
        self._console.print(f"  {name:<12} {time.monotonic() - begun:5.1f} s")

    def _welcome(self, seconds: float) -> None:
        document = read_status(self._settings)
        if document["people"]:
            table = Table("Demo person", "Who it is", "Card", box=None)
            for person in document["people"]:
                table.add_row(person["name"], person["story"]["en"], ", ".join(person["cards"]))
            self._console.print(table)
        if self._settings.tls_address is None:
            self._console.print(
                "Sign-in by certificate is off: install nginx (Debian: nginx-light) and start again."
            )
        self._console.print(
            f"Ready in {seconds:.1f} s: {self._settings.portal_address}  (card reader: "
            f"{self._settings.reader_address}). Ctrl-C stops everything."
        )


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold the state folder; conflict when another demo does. The kernel lets go when the process ends."""
    with path.open("a+", encoding="ascii") as file:
        _take(file, path)
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def _take(file: IO[str], path: Path) -> None:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.seek(0)
        raise conflict(
            "A demo is running already on the state folder %(folder)s (process %(process)s).",
            folder=str(path.parent.parent.resolve()),
            process=file.read().strip() or "?",
        ) from error


def wait_for_port(port: int, name: str, until: float) -> None:
    """Wait until the port is free; conflict naming it and who needs it when another program keeps it."""
    while not _is_free(port):
        if time.monotonic() > until:
            raise conflict(
                "Port %(port)s (%(name)s) is in use by another program. Choose others with --port.",
                port=port,
                name=name,
            )
        time.sleep(0.05)


def wait_for_signing_interface(candidates: Sequence[int], until: float) -> None:
    """Wait until one of the ports where pages look for the signing interface is free; and one for HTTPS."""
    for ports in (candidates, [port + 1 for port in candidates]):
        while not any(map(_is_free, ports)):
            if time.monotonic() > until:
                raise conflict(
                    "The ports %(ports)s of the signing interface (SCS) are all in use by other programs. "
                    "Choose another with VARMENTAJA_SCS_PORT.",
                    ports=", ".join(map(str, ports)),
                )
            time.sleep(0.05)


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
