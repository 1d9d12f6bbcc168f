# SPDX-License-Identifier: EUPL-1.2
"""The service's list of program versions, fetched while the program runs: at its start and each day."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime

from varmentaja.reader.faults import as_told
from varmentaja.reader.service_link import ServiceLink

_RETRY_SECONDS = 30.0
_DAY_SECONDS = 86400.0


class KeepUp:
    """A thread that asks the service, sooner again while it does not answer."""

    def __init__(self, service: ServiceLink, asked: Callable[[], None] = lambda: None) -> None:
        """``asked`` is called each time: what may be done with a card may have changed."""
        self._service = service
        self._asked = asked
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="versions", daemon=True)

    def start(self) -> None:
        """Begin."""
        if self._service.has_address:
            self._thread.start()

    def close(self) -> None:
        """Ask no more."""
        self._over.set()

    def _run(self) -> None:
        while not self._over.is_set():
            answers = False
            try:
                answers, _time = self._service.look(now=datetime.now(UTC))
                self._asked()
            except Exception as error:  # the next time it may go well
                as_told(error)
            self._over.wait(_DAY_SECONDS if answers else _RETRY_SECONDS)
