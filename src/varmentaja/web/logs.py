# SPDX-License-Identifier: EUPL-1.2
"""Logging to stdout by structlog: lines for people at a terminal, JSON otherwise."""

from __future__ import annotations

import sys
from typing import Any

import structlog
from structlog.typing import Processor

SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
]


def logging_config(*, json: bool | None = None) -> dict[str, Any]:
    """A ``LOGGING`` dictionary; also points structlog's loggers at it. ``None``: unless at a terminal."""
    if json is None:
        json = not sys.stdout.isatty()
    structlog.configure(
        processors=[*SHARED, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    tail: list[Processor] = [structlog.stdlib.ProcessorFormatter.remove_processors_meta]
    if json:
        tail += [structlog.processors.format_exc_info, structlog.processors.JSONRenderer()]
    else:
        tail += [structlog.dev.ConsoleRenderer()]
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "structlog": {
                "()": structlog.stdlib.ProcessorFormatter,
                "processors": tail,
                "foreign_pre_chain": SHARED,
            }
        },
        "handlers": {
            "stdout": {
                "class": "logging.StreamHandler",
                "stream": "ext://sys.stdout",
                "formatter": "structlog",
            }
        },
        "root": {"handlers": ["stdout"], "level": "INFO"},
        # Each request has its own line from the middleware; Django's repeats it for 4xx.
        "loggers": {
            "django": {"level": "WARNING"},
            "django.request": {"level": "ERROR"},
            "django.security.csrf": {"level": "ERROR"},
            # The database keeps the history of jobs.
            "procrastinate": {"level": "WARNING"},
        },
    }
