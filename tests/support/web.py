# SPDX-License-Identifier: EUPL-1.2
"""The portal on a free port, in a thread, without a database: for pages that need none."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.types import WSGIApplication

import pytest


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Requests are logged by the application."""


@contextmanager
def serve(application: WSGIApplication) -> Iterator[str]:
    """Serves a WSGI application; gives its address without a slash at the end."""
    server = make_server("127.0.0.1", 0, application, _Server, _Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture(scope="session")
def portal() -> Iterator[str]:
    """Address of the portal's pages."""
    from varmentaja.web.wsgi import application

    with serve(application) as address:
        yield address
