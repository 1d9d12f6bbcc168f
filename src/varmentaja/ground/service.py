# SPDX-License-Identifier: EUPL-1.2
"""One child process of the supervisor: its command, how it says that it is ready, and its restarts."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from varmentaja.config import Settings
from varmentaja.ground.leash import leashed

FIRST_DELAY = 0.5
LONGEST_DELAY = 15.0
STOP_SECONDS = 10.0
"""What a child may take to finish what it does."""
CALM_SECONDS = 30.0
"""A child that ran for so long had a good start: the next delay is the first again."""


@dataclass(slots=True)
class Service:
    """A child, running or between two runs. Started and watched from the main thread."""

    name: str
    arguments: list[str]
    """Of the ``varmentaja`` command."""
    is_ready: Callable[[], bool]
    address: str = ""
    """URL, or path of a socket."""
    log: Path = Path("/dev/null")
    process: subprocess.Popen[bytes] | None = None
    restarts: int = 0
    ready: bool = False
    paused: bool = False
    """Stopped on purpose, until it is to go on."""
    _started: float = 0.0
    _delay: float = FIRST_DELAY
    _again_at: float = field(default=0.0)

    def start(self, environment: dict[str, str]) -> None:
        """Start the child on a leash, its output in its log."""
        command = [sys.executable, "-m", "varmentaja", *self.arguments]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                leashed(signal.SIGKILL, command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                start_new_session=True,
            )
        self._started, self._again_at, self.ready = time.monotonic(), 0.0, False

    def pause(self) -> bool:
        """Stop the child and leave it so; True when it ran."""
        if self.paused:
            return False
        self.ask_to_stop()
        self.stop(time.monotonic() + STOP_SECONDS)
        self.process, self.ready, self.paused = None, False, True
        return True

    def watch(self, environment: dict[str, str]) -> bool:
        """Notice readiness and death; start again after a while. True when something changed."""
        if self.paused:
            self.paused = False
            self.start(environment)
            return True
        now = time.monotonic()
        if self.process is not None and self.process.poll() is not None:
            calm = now - self._started > CALM_SECONDS
            self._delay = FIRST_DELAY if calm else min(self._delay * 2, LONGEST_DELAY)
            self.process, self._again_at, self.ready = None, now + self._delay, False
            return True
        if self.process is None:
            if now < self._again_at:
                return False
            self.restarts += 1
            self.start(environment)
            return True
        if not self.ready and self.is_ready():
            self.ready = True
            return True
        return False

    def ask_to_stop(self) -> None:
        """Let the child finish what it does."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)

    def stop(self, until: float) -> None:
        """Wait for the child to end until ``until`` (monotonic), then end it."""
        if self.process is None:
            return
        try:
            self.process.wait(max(0.0, until - time.monotonic()))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def listens(port: int) -> Callable[[], bool]:
    """Whether something accepts connections on this port of this machine."""

    def check() -> bool:
        with socket.socket() as probe:
            probe.settimeout(0.2)
            return probe.connect_ex(("127.0.0.1", port)) == 0

    return check


def socket_answers(path: Path) -> Callable[[], bool]:
    """Whether something accepts connections on this Unix socket."""

    def check() -> bool:
        with socket.socket(socket.AF_UNIX) as probe:
            probe.settimeout(0.2)
            try:
                return probe.connect_ex(str(path)) == 0
            except OSError:  # the path is too long
                return False

    return check


def all_services(now: Settings) -> list[Service]:
    """The children of the demo, in the order of starting."""
    services = [
        Service("cardhost", ["cardhost"], socket_answers(now.card_host_socket), str(now.card_host_socket)),
        Service("responder", ["responder"], listens(now.port + 1), now.responder_address),
        Service("online", ["responder-online"], listens(now.online_port), now.online_address),
        Service("reader", ["reader", "serve"], listens(now.port + 2), now.reader_address),
        Service("worker", ["worker"], lambda: True),
        Service("observer", ["observer"], lambda: True),
        Service("portal", ["portal"], listens(now.port), now.portal_address),
    ]
    if now.test_service:
        services.append(Service("clinic", ["demo-clinic"], listens(now.clinic_port), now.clinic_address))
    if now.nginx and now.tls_address:
        services += [
            Service("tlshost", ["tlshost"], socket_answers(now.tls_socket), str(now.tls_socket)),
            Service("nginx", ["nginx"], listens(now.port + 3), f"https://localhost:{now.port + 3}"),
        ]
    for service in services:
        service.log = now.log / f"{service.name}.log"
    return services
