# SPDX-License-Identifier: EUPL-1.2
"""One program of the demo: its command, what it may know, how it says that it is ready, and its restarts."""

from __future__ import annotations

import signal
import time
from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from varmentaja.config import Settings
from varmentaja.ground.nursery import Child

FIRST_DELAY = 0.5
LONGEST_DELAY = 15.0
STOP_SECONDS = 10.0
"""What a child may take to finish what it does."""
CALM_SECONDS = 30.0
"""A child that ran for so long had a good start: the next delay is the first again."""

DATABASE = ("database_url", "data_passphrase_file")
"""Secrets of whoever works with the records."""


class Starter(Protocol):
    """Who starts programs: the nursery (and a fake in tests)."""

    def fork(self, arguments: list[str], environment: Mapping[str, str], output: int, log: int) -> Child:
        """Start ``varmentaja ARGUMENTS…``."""


@dataclass(slots=True)
class Service:
    """A child, running or between two runs. Started and watched from the main thread."""

    name: str
    arguments: list[str]
    """Of the ``varmentaja`` command."""
    address: str = ""
    """URL, or path of a socket."""
    port: int | None = None
    """Where it listens."""
    secrets: tuple[str, ...] = ()
    """Settings that only some may know (``config.SECRETS``): those that this one needs."""
    pid_file: Path | None = None
    """Where a program of the system's, which does not say that it is ready, writes its process when it is."""
    log: Path = Path("/dev/null")
    process: Child | None = None
    restarts: int = 0
    ready: bool = False
    paused: bool = False
    """Stopped on purpose, until it is to go on."""
    _started: float = 0.0
    _delay: float = FIRST_DELAY
    _again_at: float = field(default=0.0)

    def start(self, starter: Starter, settings: Settings, variables: Mapping[str, str]) -> None:
        """Start the child, its output in its log; ``variables`` go beside the settings."""
        environment = {**settings.variables(self.secrets), **variables}
        with self.log.open("ab") as log:
            self.process = starter.fork(self.arguments, environment, log.fileno(), log.fileno())
        self._started, self._again_at, self.ready, self.paused = time.monotonic(), 0.0, False, False

    def pause(self) -> bool:
        """Stop the child and leave it so; True when it ran."""
        if self.paused:
            return False
        self.ask_to_stop()
        self.stop(time.monotonic() + STOP_SECONDS)
        self.process, self.ready, self.paused = None, False, True
        return True

    def has_changed(self, heard: Set[int]) -> bool:
        """Notice death and readiness; ``heard`` are the sessions of who has just said to be ready."""
        if self.process is None:
            return False
        if not self.process.runs:
            now = time.monotonic()
            calm = now - self._started > CALM_SECONDS
            self._delay = FIRST_DELAY if calm else min(self._delay * 2, LONGEST_DELAY)
            self.process, self._again_at, self.ready = None, now + self._delay, False
            return True
        if not self.ready and self._is_ready(self.process.pid, heard):
            self.ready = True
            return True
        return False

    @property
    def is_due(self) -> bool:
        """Whether it has ended and it is time to start it again; a paused one waits to be told."""
        return self.process is None and not self.paused and time.monotonic() >= self._again_at

    def ask_to_stop(self) -> None:
        """Let the child finish what it does."""
        if self.process is not None:
            self.process.signal(signal.SIGTERM)

    def stop(self, until: float) -> None:
        """Wait for the child to end until ``until`` (monotonic), then end it."""
        if self.process is not None and not self.process.wait(max(0.0, until - time.monotonic())):
            self.process.signal(signal.SIGKILL)
            self.process.wait(1.0)

    def _is_ready(self, process: int, heard: Set[int]) -> bool:
        if self.pid_file is None:
            return process in heard
        try:
            return self.pid_file.read_text("ascii").strip() == str(process)
        except OSError:
            return False


def all_services(now: Settings) -> list[Service]:
    """The children of the demo, in the order of starting."""
    services = [
        Service("cardhost", ["cardhost"], str(now.card_host_socket)),
        Service("portal", ["portal"], now.portal_address, now.port, DATABASE),
        Service(
            "worker", ["worker"], secrets=(*DATABASE, "authorities_passphrase_file", "online_passphrase_file")
        ),
        Service("responder", ["responder"], now.responder_address, now.port + 1),
        Service(
            "online",
            ["responder-online"],
            now.online_address,
            now.online_port,
            ("online_passphrase_file",),
        ),
        Service("reader", ["reader", "serve"], now.reader_address, now.port + 2),
        Service("observer", ["observer"]),
    ]
    if now.test_service:
        services.append(Service("clinic", ["demo-clinic"], now.clinic_address, now.clinic_port))
    if now.nginx and now.tls_address:
        services += [
            Service("tlshost", ["tlshost"], str(now.tls_socket), secrets=DATABASE),
            Service(
                "nginx",
                ["nginx"],
                f"https://localhost:{now.port + 3}",
                now.port + 3,
                pid_file=now.run / "nginx" / "nginx.pid",
            ),
        ]
    for service in services:
        service.log = now.log / f"{service.name}.log"
    return services
