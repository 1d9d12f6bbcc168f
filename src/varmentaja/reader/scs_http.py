# SPDX-License-Identifier: EUPL-1.2
"""SCS over HTTP: ``GET /version`` and ``POST /sign`` for the pages of this machine's browsers.

Any website may ask: that is the interface's purpose. What protects the person is that the PIN is asked
outside the page, with the asking origin shown, and that the authentication key signs only what names that
origin.
"""

from __future__ import annotations

from collections.abc import Sequence

from varmentaja.reader.http import App, Request, Response, json_response
from varmentaja.reader.scs import failure, too_large
from varmentaja.reader.scs_pages import ScsPages
from varmentaja.reader.signing import ScsService
from varmentaja.reader.transaction import Transactions

PORTS = (53951, 23123, 8088)
"""Candidate ports for plain HTTP; the first free one is used and pages try them in this order."""

TRANSACTION = "application/jwt"
"""Content type of both steps of a transaction of SCS 1.3."""


def https_ports(ports: Sequence[int]) -> tuple[int, ...]:
    """Candidate ports for HTTPS: each the twin of one for HTTP, and the next number (53952, 23124, 8089)."""
    return tuple(port + 1 if port else 0 for port in ports)


def candidate_ports(first: int) -> tuple[int, ...]:
    """All candidates for plain HTTP, ``first`` before the others."""
    return (first, *(port for port in PORTS if port != first))


def scs_app(service: ScsService, pages: ScsPages) -> App:
    """The HTTP face of ``service``; the pages beside it explain how to trust it."""
    transactions = Transactions(service)

    def app(request: Request) -> Response:
        match request.method, request.path:
            case "OPTIONS", "/version" | "/sign":
                return Response(200, headers=(*_cors(request), *_preflight(request)))
            case "GET" | "HEAD", "/version":
                return json_response(service.version(), headers=_cors(request))
            case "POST", "/sign":
                return _sign(service, transactions, request)
            case _, "/version" | "/sign":
                return Response(405, b"Use GET /version or POST /sign.\n", headers=_cors(request))
        return pages.handle(request)

    return app


def _sign(service: ScsService, transactions: Transactions, request: Request) -> Response:
    if request.body is None:
        return json_response(failure(too_large()), headers=_cors(request))
    origin = request.headers.get("origin")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != TRANSACTION:
        answer = service.sign(request.body, origin=origin, given_up=request.is_gone)
        return json_response(answer, headers=_cors(request))
    step = transactions.handle(request.body, origin=origin, given_up=request.is_gone)
    if isinstance(step, str):
        return Response(200, step.encode(), TRANSACTION, _cors(request))
    return json_response(step, headers=_cors(request))


def _cors(request: Request) -> tuple[tuple[str, str], ...]:
    """The page that asked may read the answer; ``Vary`` keeps shared caches from mixing pages."""
    origin = request.headers.get("origin")
    if not origin or not origin.isprintable():
        return (("Vary", "Origin"),)
    return (("Access-Control-Allow-Origin", origin), ("Vary", "Origin"))


def _preflight(request: Request) -> tuple[tuple[str, str], ...]:
    """Answers to a browser's question before it sends JSON, or before it turns to the local machine."""
    headers: tuple[tuple[str, str], ...] = (
        ("Access-Control-Allow-Methods", "GET, POST"),
        ("Access-Control-Allow-Headers", "Accept, Content-Type"),
        ("Access-Control-Max-Age", "3600"),
    )
    if request.headers.get("access-control-request-private-network") == "true":
        # Chromium's Private Network Access; its successor, Local Network Access, asks the person instead.
        headers = (*headers, ("Access-Control-Allow-Private-Network", "true"))
    return headers
