# SPDX-License-Identifier: EUPL-1.2
"""The nursery: one process that has imported what the demo's programs share, and forks them.

Importing is most of what a program does at its start, and the demo starts a dozen at once. The nursery knows
no setting and no secret: its environment has none, and each program is told its own when it is forked.

``python -m varmentaja.ground.nursery SOCKET`` is the nursery; ``Nursery`` is its supervisor's end.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import IO

from varmentaja.ground.leash import end_with_parent, leashed

FIRST = (
    "cryptography.x509.ocsp",
    "django.core.handlers.wsgi",
    "django.core.management",
    "django.db.backends.postgresql.base",
    "django.db.migrations.executor",
    "procrastinate",
    "structlog",
    "varmentaja.cli",
    "varmentaja.config",
    "varmentaja.adapters.card_factory.simulator",
    "varmentaja.adapters.population_register.simulator",
    "varmentaja.adapters.post.simulator",
    "varmentaja.adapters.professional_register.simulator",
    "varmentaja.card.host",
    "varmentaja.card.host_client",
    "varmentaja.pki.ceremony",
    "varmentaja.signer.in_process",
)
"""What the preparation needs, which comes first, and the programs that work with the records."""
THEN = (
    "granian",
    "varmentaja.responder.serve",
    "varmentaja.responder.online",
    "varmentaja.reader.cli",
    "varmentaja.clinic.site",
    "varmentaja.observer.run",
)
"""The others'. Whatever reads settings when it is imported, as Django's models do, stands in neither list."""
LONGEST = 1 << 16
"""Bytes of an order to the nursery."""
PR_SET_NAME = 15


class Child:
    """A program that the nursery forked."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        # Names this very process, so that a signal never reaches another one that has got its number.
        self._handle = _handle(pid)

    @property
    def runs(self) -> bool:
        """Whether it has not ended yet."""
        return not self.wait(0)

    def wait(self, seconds: float) -> bool:
        """Wait for its end; whether it has ended."""
        if self._handle is None:
            return True
        if not select.select([self._handle], [], [], seconds)[0]:
            return False
        os.close(self._handle)
        self._handle = None
        return True

    def signal(self, number: int) -> None:
        """Send it a signal, if it still runs."""
        if self._handle is not None:
            with contextlib.suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, number)


class Nursery:
    """The supervisor's end. Start it from the main thread (see ``leashed``)."""

    def __init__(self, environment: Mapping[str, str], log: IO[bytes]) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            command = [sys.executable, "-m", "varmentaja.ground.nursery", str(theirs.fileno())]
            self._process = subprocess.Popen(
                leashed(signal.SIGKILL, command),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=dict(environment),
                pass_fds=[theirs.fileno()],
                start_new_session=True,
            )
        self._channel = ours

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    def fork(self, arguments: list[str], environment: Mapping[str, str], output: int, log: int) -> Child:
        """Start ``varmentaja ARGUMENTS…`` in this environment alone; OSError if the nursery has ended.

        ``output`` and ``log`` are file descriptors for what the program prints and for its errors. The
        environment goes by one, too, and the program itself reads it: no secret passes through the nursery's
        memory, which the others inherit.
        """
        with os.fdopen(os.memfd_create("environment"), "w+", encoding="utf-8") as told:
            json.dump(dict(environment), told)
            told.seek(0)
            order = json.dumps(arguments).encode()
            socket.send_fds(self._channel, [order], [output, log, told.fileno()])
        answer = self._channel.recv(LONGEST)
        if not answer:
            raise BrokenPipeError("the nursery has ended")
        return Child(int(answer))

    def close(self) -> None:
        """End it, and with it whatever it forked that still runs."""
        self._channel.close()
        self._process.wait()


def main() -> None:
    """Fork programs until the supervisor hangs up; in a child, be the program."""
    for name in FIRST:
        import_module(name)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # the kernel buries children at once
    channel = socket.socket(fileno=int(sys.argv[1]))
    nursery, then = os.getpid(), list(THEN)
    while True:
        while then and not select.select([channel], [], [], 0)[0]:
            import_module(then.pop(0))
        order, descriptors, _, _ = socket.recv_fds(channel, LONGEST, 3)
        if not order:
            return None
        child = os.fork()
        if child == 0:
            channel.close()
            return _become(json.loads(order), descriptors, nursery)
        channel.send(str(child).encode())
        for descriptor in descriptors:
            os.close(descriptor)


def _become(arguments: list[str], descriptors: list[int], nursery: int) -> None:
    """Be a program of one's own: session, leash, name, output, environment, arguments."""
    from varmentaja.cli import app
    from varmentaja.config import settings

    end_with_parent(signal.SIGKILL, nursery)
    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    ctypes.CDLL(None).prctl(PR_SET_NAME, arguments[0].encode(), 0, 0, 0)
    output, log, told = descriptors
    for descriptor, standard in ((output, 1), (log, 2)):
        os.dup2(descriptor, standard)
        os.close(descriptor)
    os.environ.clear()
    with os.fdopen(told, encoding="utf-8") as environment:
        os.environ.update(json.load(environment))
    settings.cache_clear()
    sys.argv = ["varmentaja", *arguments]
    app(arguments, prog_name="varmentaja")


def _handle(pid: int) -> int | None:
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None


if __name__ == "__main__":
    main()
