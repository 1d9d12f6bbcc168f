# SPDX-License-Identifier: EUPL-1.2
"""Decisions by rule, from the registrar's click on *Submit* to the page with its reasons."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

from tests.soak.desk import fill_in, registrar

from bench.users import session_of
from bench.visitors import Visitor
from varmentaja.adapters.professional_register.simulator import PROFESSIONALS
from varmentaja.domain.errors import DomainError

_CAST = 20
"""The first of the register have parts in stories."""


class Decisions:
    """Applications that are filled in by the actions behind the pages, and submitted on the page."""

    def __init__(self, port: int, count: int) -> None:
        actor = registrar()
        assert actor.person_id is not None
        self._visitor = Visitor(port, session_of(actor.person_id))
        self.filled: list[float] = []
        """Milliseconds of every step's action but the last, without pages."""
        self.decided: list[float] = []
        """From the click to the last octet of the decision page."""
        self.pages: list[float] = []
        """Of that, the page."""
        self.last = 0
        """Number of the last application."""
        codes = _codes()
        while len(self.decided) < count:
            begun = time.perf_counter()
            try:
                draft = fill_in(actor, next(codes))
            except DomainError:  # has died, or is the registrar
                continue
            self.filled.append((time.perf_counter() - begun) * 1000)
            self.last = draft.pk
            self._submit(f"/fi/registration/{draft.pk}/check/")

    def _submit(self, path: str) -> None:
        hidden = self._visitor.hidden(path)
        begun = time.perf_counter()
        address = self._visitor.post(path, hidden)
        led = time.perf_counter()
        if "data-decision" not in self._visitor.get(address):
            raise RuntimeError(f"{address}: there is no decision")
        self.decided.append((time.perf_counter() - begun) * 1000)
        self.pages.append((time.perf_counter() - led) * 1000)


def _codes() -> Iterator[str]:
    with PROFESSIONALS.open(encoding="utf-8") as lines:
        for line in list(lines)[_CAST:]:
            yield json.loads(line)["identity_code"]
