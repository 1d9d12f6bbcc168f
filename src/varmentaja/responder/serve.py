# SPDX-License-Identifier: EUPL-1.2
"""Runs the responder under granian: ``python -m varmentaja.responder.serve --folder … --key … --port …``.

Workers are separate processes, each with its own view of the folder. The server ends with the process that
started it and the workers with the server (parent-death signals), so no kill leaves a responder behind.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from granian import Granian
from granian.constants import Interfaces
from granian.http import HTTP1Settings

from varmentaja.pki.publication import PublicationReader
from varmentaja.responder.app import Responder
from varmentaja.responder.key import read_verifier
from varmentaja.responder.watch import Watch

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

_PR_SET_PDEATHSIG = 1
_HEADER_TIMEOUT = 10_000
"""Milliseconds for a client to send the head of a request."""


def main() -> None:
    """Serve until stopped."""
    parser = argparse.ArgumentParser(description="Status service: OCSP, CRLs and authority certificates.")
    parser.add_argument("--folder", type=Path, required=True, help="publication folder")
    parser.add_argument("--key", type=Path, required=True, help="the publisher's public key (PEM)")
    parser.add_argument("--address", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--workers", type=int, default=1)
    arguments = parser.parse_args()
    serve(arguments.folder, arguments.key, arguments.address, arguments.port, arguments.workers)


def serve(folder: Path, key: Path, address: str, port: int, workers: int = 1) -> None:
    """Serve the publication folder over HTTP/1.1 until SIGTERM or SIGINT."""
    run_server(lambda: load_application(folder, key), address, port, workers)


def run_server(make: Callable[[], WSGIApplication], address: str, port: int, workers: int) -> None:
    """Serve over HTTP/1.1 until SIGTERM or SIGINT; each worker process makes its own application."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ]
    )
    end_with_parent(signal.SIGTERM)

    def load() -> WSGIApplication:
        end_with_parent(signal.SIGKILL)  # without the server, a worker has nobody who would stop it
        return make()

    server = Granian(
        "varmentaja.responder",
        address=address,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=2,
        websockets=False,
        backlog=4096,
        http1_settings=HTTP1Settings(header_read_timeout=_HEADER_TIMEOUT, pipeline_flush=True),
        respawn_failed_workers=True,
    )
    server.serve(target_loader=load, wrap_loader=False)


def load_application(folder: Path, key: Path) -> Responder:
    """Make the WSGI application over a publication folder and start to follow it."""
    watch = Watch(PublicationReader(folder, read_verifier(key)))
    watch.start()
    return Responder(watch)


def end_with_parent(how: signal.Signals) -> None:
    """Ask the system for a signal to this process when its parent dies; end now if it is dead already."""
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, how)
    if os.getppid() != parent:
        raise SystemExit("the parent process has ended")


if __name__ == "__main__":
    main()
