# SPDX-License-Identifier: EUPL-1.2
"""The portal and the TLS host under granian, this machine only: a proxy stands before them in production.

Neither starts without a certificate hierarchy of its own kind, TEST or production.
"""

from __future__ import annotations

import os
import signal
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from granian import Granian
from granian.constants import Interfaces
from granian.http import HTTP1Settings

from varmentaja.config import settings
from varmentaja.ground.leash import end_with_parent
from varmentaja.notify import say_ready
from varmentaja.pki.hierarchy import load_hierarchy

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

HEADER_TIMEOUT = 10_000
"""Milliseconds for a client to send the head of a request."""
THREADS = 8
"""Requests that one worker answers at the same time; each may hold a database connection."""


def serve(workers: int) -> None:
    """Serve the pages until SIGTERM or SIGINT. Raises DomainError as ``load_hierarchy``."""
    _serve("varmentaja.web.wsgi", workers, address="127.0.0.1", port=settings().port)


def serve_tls_host(path: Path) -> None:
    """Serve the TLS host until SIGTERM or SIGINT, on a Unix socket for nginx alone.

    The socket is its owner's and its group's: nginx runs as the same user, or in the group.
    """
    path.unlink(missing_ok=True)
    _serve("varmentaja.web.tls.wsgi", 1, uds=path, uds_permissions=0o660)


def _serve(module: str, workers: int, **where: Any) -> None:
    # Before any page: a production portal refuses TEST, and the reverse. In granian's worker it would be too
    # late: one that could not start is started again and again.
    load_hierarchy(settings().hierarchy_folder, production=not settings().test_service)
    parent = os.getpid()

    def load() -> WSGIApplication:
        end_with_parent(signal.SIGKILL, parent)
        application: WSGIApplication = import_module(module).application
        say_ready()
        return application

    server = Granian(
        f"{module}:application",
        **where,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS,
        websockets=False,
        http1_settings=HTTP1Settings(header_read_timeout=HEADER_TIMEOUT),
        respawn_failed_workers=True,
    )
    server.serve(target_loader=load, wrap_loader=False)
