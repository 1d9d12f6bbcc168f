# SPDX-License-Identifier: EUPL-1.2
"""The preparation of a demo: tables, keys and authorities, staff. A program of its own, which then ends.

So the supervisor never holds a key, and whatever it starts later has none by inheritance. It tells its
progress line by line (JSON) on standard output.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import IO

from varmentaja.config import settings
from varmentaja.domain.errors import DomainError, Kind, Message, unavailable


def run(output: IO[str]) -> None:
    """Make what is missing; tell it, and how it ended."""
    try:
        _prepare(lambda text: _tell(output, doing=text))
    except DomainError as error:
        text, values = error.message.text, dict(error.message.values)
        _tell(output, failed=error.kind, text=text, values=values)
    else:
        _tell(output, done=True)


def follow(lines: IO[str], show: Callable[[str], None]) -> None:
    """Show what the preparation tells, to its end; the error with which it ended is raised here."""
    for line in lines:
        told = json.loads(line)
        if "failed" in told:
            raise DomainError(Kind(told["failed"]), Message(told["text"], told["values"]))
        if "done" in told:
            return
        show(told["doing"])
    raise unavailable(
        "The demo could not be prepared; see %(log)s.", log=str(settings().log / "supervisor.log")
    )


def _prepare(tell: Callable[[str], None]) -> None:
    """The ceremony goes on beside the tables: neither needs the other, and RSA keys take seconds."""
    from varmentaja.ground.demo_hierarchy import demo_hierarchy

    tell("tables and keys")
    with ThreadPoolExecutor(max_workers=1) as beside:
        hierarchy = beside.submit(demo_hierarchy, settings())
        _bring_tables_up_to_date()
        made = hierarchy.result()

    from varmentaja.ground.demo_data import prepare

    prepare(made, tell=tell)


def _bring_tables_up_to_date() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "varmentaja.web.settings")
    import django

    from varmentaja.ground.tables import bring_up_to_date

    django.setup()
    bring_up_to_date()


def _tell(output: IO[str], **what: object) -> None:
    output.write(json.dumps(what) + "\n")
    output.flush()
