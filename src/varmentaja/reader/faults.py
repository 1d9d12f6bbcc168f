# SPDX-License-Identifier: EUPL-1.2
"""Faults of the program's own: whatever happens the program goes on, and the person is told."""

from __future__ import annotations

import logging
import traceback

from varmentaja.domain.errors import DomainError, Kind, message

log = logging.getLogger(__name__)


def as_told(error: Exception) -> DomainError:
    """The same error if it is one to tell; anything else is logged and becomes one.

    Logged is where it happened. What the exception says is not: it may hold what a person typed."""
    if isinstance(error, DomainError):
        return error
    where = "".join(traceback.format_tb(error.__traceback__))
    log.error("a fault of the program's own: %s\n%s", type(error).__name__, where)
    return DomainError(
        Kind.UNAVAILABLE,
        message(
            "The program met a fault of its own. Try again; if it happens again, tell your organisation's "
            "IT support."
        ),
    )
