# SPDX-License-Identifier: EUPL-1.2
"""Life cycles as tables: the table answers "may I?", "why not?" and "which buttons?", and draws itself.

A machine knows states, events and who may cause them; what else follows from an event (rows, letters,
revocations) stands in ``joins`` and in the actions that call ``apply``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from varmentaja.domain.actors import Actor
from varmentaja.domain.authority import Action, Subject, allowed, roles_for
from varmentaja.domain.errors import DomainError, Kind, Message

StateT = TypeVar("StateT", bound=StrEnum)
EventT = TypeVar("EventT", bound=StrEnum)
FactsT = TypeVar("FactsT")


@dataclass(frozen=True, slots=True)
class StateText:
    """How a state reads: a word or two for lists, and a sentence that also explains a refusal."""

    label: Message
    sentence: Message


@dataclass(frozen=True)  # no slots: Python 3.11 cannot call the alias of a frozen generic that has them
class Transition(Generic[StateT, EventT, FactsT]):
    """One row: in each of ``sources``, ``event`` leads to ``target`` for whoever may do ``action``."""

    event: EventT
    sources: tuple[StateT, ...]
    target: StateT
    action: Action
    guard: Callable[[FactsT], Message | None] | None = None
    """Looks at the facts and says why not; None when there is nothing to look at."""


class Machine(Generic[StateT, EventT, FactsT]):
    """A life cycle. ``events`` holds the words for buttons; every state and event must have its words."""

    def __init__(
        self,
        start: StateT,
        states: Mapping[StateT, StateText],
        events: Mapping[EventT, Message],
        transitions: tuple[Transition[StateT, EventT, FactsT], ...],
    ) -> None:
        self.start = start
        self.states = states
        self.events = events
        self.transitions = transitions
        self._table: dict[tuple[StateT, EventT], Transition[StateT, EventT, FactsT]] = {}
        for transition in transitions:
            for source in transition.sources:
                if (source, transition.event) in self._table:
                    raise ValueError(f"two transitions for {transition.event} in {source}")
                self._table[source, transition.event] = transition

    def refusal(
        self, state: StateT, event: EventT, actor: Actor, subject: Subject, facts: FactsT
    ) -> DomainError | None:
        """Why ``actor`` cannot cause ``event`` now, as an error to raise; None when it is possible.

        Kind CONFLICT when the state or the facts are in the way, NOT_ALLOWED when the actor is.
        """
        transition = self._table.get((state, event))
        if transition is None:
            return DomainError(Kind.CONFLICT, self.states[state].sentence)
        not_you = allowed(actor, transition.action, subject)
        if not_you is not None:
            return DomainError(Kind.NOT_ALLOWED, not_you)
        not_now = transition.guard(facts) if transition.guard else None
        return DomainError(Kind.CONFLICT, not_now) if not_now else None

    def why_not(
        self, state: StateT, event: EventT, actor: Actor, subject: Subject, facts: FactsT
    ) -> Message | None:
        """The reason of ``refusal``, to show beside a missing button; None when it is possible."""
        refusal = self.refusal(state, event, actor, subject, facts)
        return refusal.message if refusal else None

    def may(self, state: StateT, event: EventT, actor: Actor, subject: Subject, facts: FactsT) -> bool:
        """Whether ``event`` is possible now for ``actor``."""
        return self.refusal(state, event, actor, subject, facts) is None

    def available(self, state: StateT, actor: Actor, subject: Subject, facts: FactsT) -> tuple[EventT, ...]:
        """The events ``actor`` can cause now, in the order of the events' words: the buttons to draw."""
        return tuple(event for event in self.events if self.may(state, event, actor, subject, facts))

    def apply(self, state: StateT, event: EventT, actor: Actor, subject: Subject, facts: FactsT) -> StateT:
        """The state after ``event``; raises the ``DomainError`` of ``refusal``."""
        refusal = self.refusal(state, event, actor, subject, facts)
        if refusal:
            raise refusal
        return self._table[state, event].target

    def leads(self, state: StateT, event: EventT) -> StateT | None:
        """Where ``event`` leads from ``state``, whoever causes it; None when it leads nowhere."""
        transition = self._table.get((state, event))
        return transition.target if transition else None

    def final_states(self) -> frozenset[StateT]:
        """The states that nothing leaves."""
        return frozenset(self.states) - {state for state, _ in self._table}

    def mermaid(self) -> str:
        """The diagram for the documentation: a Mermaid state diagram."""
        lines = ["stateDiagram-v2", f"    [*] --> {self.start}"]
        for transition in self.transitions:
            who = ", ".join(sorted(roles_for(transition.action)))
            lines += [
                f"    {source} --> {transition.target}: {transition.event} ({who})"
                for source in transition.sources
            ]
        lines += [f"    {state} --> [*]" for state in self.states if state in self.final_states()]
        return "\n".join(lines) + "\n"
