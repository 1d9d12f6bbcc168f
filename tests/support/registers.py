# SPDX-License-Identifier: EUPL-1.2
"""Registers that say something else from now on, for tests of what changes between two looks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.support.service import Service


def person_is_now(service: Service, monkeypatch: pytest.MonkeyPatch, **changed: Any) -> None:
    """From now on the population register tells everybody with these changes."""
    register = type(service.outside.population_register)
    ask = register.person

    def person(self: Any, code: Any, *, request_id: str) -> Any:
        told = ask(self, code, request_id=request_id)
        return replace(told, **changed) if told is not None else None

    monkeypatch.setattr(register, "person", person)


def right_is_now(service: Service, monkeypatch: pytest.MonkeyPatch, **changed: Any) -> None:
    """From now on the professional register tells each right with these changes."""
    register = type(service.outside.professional_register)
    ask = register.professional

    def professional(self: Any, code: Any, *, request_id: str) -> Any:
        told = ask(self, code, request_id=request_id)
        assert told is not None
        return replace(told, rights=tuple(replace(right, **changed) for right in told.rights))

    monkeypatch.setattr(register, "professional", professional)
