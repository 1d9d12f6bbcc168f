# SPDX-License-Identifier: EUPL-1.2
"""What the server makes of a request without a shortcut, in octets."""

from __future__ import annotations

from datetime import datetime
from email.utils import format_datetime
from typing import TYPE_CHECKING

from varmentaja.responder.wire import Refusal, read_request, write_head

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication


def long_way(application: WSGIApplication, octets: bytes, now: datetime) -> tuple[bytes, bool] | None:
    """The answer at a time, and whether the connection stays; None for what is not one whole request."""
    try:
        request = read_request(octets)
    except Refusal:
        return None
    if request is None or request.size != len(octets):
        return None
    said: list[tuple[str, list[tuple[str, str]]]] = []
    body = b"".join(
        application(request.environ, lambda status, fields, _=None: said.append((status, fields)))
    )
    ((status, fields),) = said
    fields = [("Date", format_datetime(now, usegmt=True)), *fields]
    if not request.keep_alive:
        fields.append(("Connection", "close"))
    return write_head(status, fields) + body, request.keep_alive
