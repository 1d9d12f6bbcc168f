# SPDX-License-Identifier: EUPL-1.2
"""The portal under granian, this machine only: a proxy stands before it in production."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

from granian import Granian
from granian.constants import Interfaces
from granian.http import HTTP1Settings

from varmentaja.config import settings
from varmentaja.ground.leash import end_with_parent

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

HEADER_TIMEOUT = 10_000
"""Milliseconds for a client to send the head of a request."""
THREADS = 8
"""Requests that one worker answers at the same time; each may hold a database connection."""


def serve(workers: int) -> None:
    """Serve until SIGTERM or SIGINT."""
    parent = os.getpid()

    def load() -> WSGIApplication:
        end_with_parent(signal.SIGKILL, parent)
        from varmentaja.web.wsgi import application

        return application

    server = Granian(
        "varmentaja.web.wsgi:application",
        address="127.0.0.1",
        port=settings().port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS,
        websockets=False,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_TIMEOUT),
        respawn_failed_workers=True,
    )
    server.serve(target_loader=load, wrap_loader=False)
