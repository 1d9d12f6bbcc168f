# SPDX-License-Identifier: EUPL-1.2
"""Runs the responder: ``python -m varmentaja.responder.serve --folder … --key … --port …``.

Workers are separate processes on one listening socket, each with its own view of the folder: when one is
killed, the others take what comes. The server ends with the process that started it and the workers with the
server (parent-death signals), so no kill leaves a responder behind.
"""

from __future__ import annotations

import argparse
import resource
import socket
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import structlog

from varmentaja.notify import say_ready
from varmentaja.pki.publication import PublicationReader
from varmentaja.responder.app import Responder
from varmentaja.responder.counters import Counters
from varmentaja.responder.key import read_verifier
from varmentaja.responder.processes import run_workers
from varmentaja.responder.server import Server
from varmentaja.responder.watch import Watch
from varmentaja.responder.wire import Shortcut

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

MOST_CONNECTIONS = 16_384
"""At the same time to one worker, if it may have as many descriptors."""
_OWN_DESCRIPTORS = 4096
"""For what is not a connection: of each set that is open (four at most) two mapped files a segment, and a
list and a delta for each shard."""
_BACKLOG = 4096


class Application(Protocol):
    """A WSGI callable with a shortcut for what is asked most."""

    @property
    def shortcut(self) -> Shortcut:
        """From octets to octets."""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """From an environment."""


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
    run_server(lambda counters: load_application(folder, key, counters), address, port, workers)


def run_server(make: Callable[[Counters], Application], address: str, port: int, workers: int) -> None:
    """Serve over HTTP/1.1 until SIGTERM or SIGINT; each worker process makes its own application."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ]
    )
    counters = Counters(workers)
    descriptors = _raise_descriptors()
    most = min(MOST_CONNECTIONS, max(descriptors - _OWN_DESCRIPTORS, descriptors // 2))

    def worker(place: int) -> Server:
        application = make(counters)
        server = Server(listener, application, most, counters.workers[place], application.shortcut)
        # Not before there is somebody to answer, which takes seconds at a nation's size: meanwhile those who
        # ask are refused, and nginx goes on to another responder at once. To say it twice does no harm.
        listener.listen(_BACKLOG)
        say_ready()
        return server

    with _bound(address, port) as listener:
        run_workers(workers, worker)


def load_application(folder: Path, key: Path, counters: Counters | None = None) -> Responder:
    """Make the WSGI application over a publication folder and start to follow it."""
    watch = Watch(PublicationReader(folder, read_verifier(key)))
    watch.start()
    return Responder(watch, counters=counters)


def _raise_descriptors() -> int:
    """Take as many file descriptors as the system lets us; how many that are."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_CONNECTIONS + _OWN_DESCRIPTORS
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return soft


def _bound(address: str, port: int) -> socket.socket:
    """A socket that has its address and does not listen yet."""
    listener = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, port))
    except OSError:
        listener.close()
        raise
    return listener


if __name__ == "__main__":
    main()
