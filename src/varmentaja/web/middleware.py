# SPDX-License-Identifier: EUPL-1.2
"""Around every page: a reference number, one log line, and the domain's errors made into pages."""

from __future__ import annotations

import errno
import secrets
import time
from collections.abc import Callable

import structlog
from django.http import HttpRequest, HttpResponse
from psycopg.errors import DiskFull

from varmentaja.domain.errors import DomainError, unavailable
from varmentaja.web.errors import domain_error_page

type_of_view = Callable[[HttpRequest], HttpResponse]
log = structlog.get_logger("varmentaja.web")

# Read out by telephone: no letter or digit that sounds or looks like another.
REFERENCE_LETTERS = "ACDEFHJKLMNPRTUVWXY347"


def new_reference() -> str:
    """Eight characters in two groups, such as ``KDA4-7WXN``."""
    letters = [secrets.choice(REFERENCE_LETTERS) for _ in range(8)]
    return f"{''.join(letters[:4])}-{''.join(letters[4:])}"


def reference(get_response: type_of_view) -> type_of_view:
    """Gives each request a reference number, shown on error pages and written to every log line."""

    def middleware(request: HttpRequest) -> HttpResponse:
        request.reference = new_reference()  # type: ignore[attr-defined]  # HttpRequest is open to such facts
        started = time.perf_counter()
        with structlog.contextvars.bound_contextvars(reference=request.reference):  # type: ignore[attr-defined]
            response = get_response(request)
            elapsed = round((time.perf_counter() - started) * 1000, 1)
            # The path without its query: what people search for stays out of the log.
            log.info(
                "request", method=request.method, path=request.path, status=response.status_code, ms=elapsed
            )
        return response

    return middleware


FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


class DomainErrors:
    """A ``DomainError`` that a view let through becomes its page or problem document, and so does a disk
    without room, under the database or beside it."""

    def __init__(self, get_response: type_of_view) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Passes the request on; the work is in ``process_exception``."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Django's hook for what a view raised."""
        if _is_full_disk(error):
            log.error("disk full", exc_info=error)
            error = unavailable(
                "The service has no room to store anything just now. Nothing was stored. Try again later."
            )
        return domain_error_page(request, error) if isinstance(error, DomainError) else None


def _is_full_disk(error: Exception) -> bool:
    """Whether the machine or the database (SQLSTATE 53100) had no room left."""
    return isinstance(error.__cause__, DiskFull) or (isinstance(error, OSError) and error.errno in FULL)
