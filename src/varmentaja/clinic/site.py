# SPDX-License-Identifier: EUPL-1.2
"""The clinic's settings, its WSGI application and its server."""

from __future__ import annotations

import os
import socketserver
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from varmentaja.clinic.http import as_wsgi
from varmentaja.clinic.pages import Pages
from varmentaja.clinic.records import Records
from varmentaja.http import own_client
from varmentaja.notify import say_ready
from varmentaja.relying_party import AuthorityLists, RelyingParty, fetch_over, load_hierarchy, ocsp_over

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

ADDRESS = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class ClinicSettings:
    """What the clinic needs to know of the world."""

    origin: str
    """Its own address, as browsers send it."""
    records: Path
    """Folder of its prescriptions."""
    hierarchy: Path
    """Folder of the authorities that it trusts."""
    scs_addresses: tuple[str, ...]
    """Where pages look for the card reader program."""
    reader_url: str
    """Address of the virtual reader, for people to go there."""
    portal_url: str
    """Address of the certificate service, for people to go there."""


def application(settings: ClinicSettings) -> WSGIApplication:
    """The site as a WSGI application."""
    client = own_client(timeout=5)
    party = RelyingParty(
        hierarchy=load_hierarchy(settings.hierarchy, production=False),
        ask=ocsp_over(client),
        origin=settings.origin,
        key=os.urandom(32),
        lists=AuthorityLists(fetch_over(client)),
    )
    links = {"reader_url": settings.reader_url, "portal_url": settings.portal_url}
    pages = Pages(party, Records(settings.records), settings.scs_addresses, links)
    return as_wsgi(pages.handle, settings.origin, _protection(settings))


def serve(settings: ClinicSettings, port: int) -> None:
    """Serve on this machine until the process ends."""
    with make_server(ADDRESS, port, application(settings), _Server, _Handler) as server:
        say_ready()
        server.serve_forever()


def _protection(settings: ClinicSettings) -> tuple[tuple[str, str], ...]:
    policy = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
        f"connect-src {' '.join(settings.scs_addresses)}; form-action 'self'; frame-ancestors 'none'; "
        "base-uri 'none'"
    )
    return (
        ("Content-Security-Policy", policy),
        ("X-Content-Type-Options", "nosniff"),
        ("X-Frame-Options", "DENY"),
        ("Referrer-Policy", "same-origin"),
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("Cross-Origin-Resource-Policy", "same-origin"),
    )


class _Server(socketserver.ThreadingMixIn, WSGIServer):
    """One thread a connection: enough for a clinic on one machine."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 128


class _Handler(WSGIRequestHandler):
    timeout = 30

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not logged: addresses name patients' records."""
