# SPDX-License-Identifier: EUPL-1.2
"""Try every event in every state as every role, through the machine's public face."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from varmentaja.domain.actors import Actor, Authentication, Role
from varmentaja.domain.authority import Subject
from varmentaja.domain.errors import DomainError
from varmentaja.domain.machine import Machine

OWNER = Subject(person_id=1, point_id=7)


def actor(role: Role) -> Actor:
    """Someone of ``role`` within whose scope ``OWNER`` is: the holder, a registrar of the same point, ..."""
    person = {Role.HOLDER: 1, Role.REGISTRAR: 2, Role.OFFICER: 3}.get(role)
    point = 7 if role is Role.REGISTRAR else None
    return Actor(person, frozenset({role}), Authentication.SCS, point_id=point)


@dataclass(frozen=True)
class Try:
    """What one role's attempt at one event in one state gave."""

    state: StrEnum
    event: StrEnum
    role: Role
    target: StrEnum | None
    refusal: DomainError | None


def tries(machine: Machine[Any, Any, Any], facts: Any) -> Iterator[Try]:
    """Every combination; asserts on the way that the machine's answers agree with each other."""
    for state in machine.states:
        for role in Role:
            who = actor(role)
            buttons = machine.available(state, who, OWNER, facts)
            for event in machine.events:
                refusal = machine.refusal(state, event, who, OWNER, facts)
                try:
                    target = machine.apply(state, event, who, OWNER, facts)
                except DomainError as raised:
                    target = None
                    assert refusal is not None
                    assert (raised.kind, raised.message) == (refusal.kind, refusal.message)
                assert (target is None) == (refusal is not None)
                assert machine.may(state, event, who, OWNER, facts) == (event in buttons) == (refusal is None)
                assert machine.why_not(state, event, who, OWNER, facts) == (refusal and refusal.message)
                yield Try(state, event, role, target, refusal)


def as_table(machine: Machine[Any, Any, Any], facts: Any) -> str:
    """What is possible, one line for each state, event and target, with the roles: easy to review."""
    rows: dict[str, list[str]] = {}
    for attempt in tries(machine, facts):
        if attempt.target is not None:
            rows.setdefault(f"{attempt.state} --{attempt.event}--> {attempt.target}", []).append(attempt.role)
    return "".join(f"{row}: {', '.join(roles)}\n" for row, roles in sorted(rows.items()))
