# SPDX-License-Identifier: EUPL-1.2
"""A tour is a list of steps played in order; the first that fails ends it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

StoryT = TypeVar("StoryT")

Facts = Mapping[str, str]
"""What a step found out, by a name for people: serial numbers, states, measured times."""
LEFT_OUT = "left out"
"""The fact by which a step tells what of it was not played, and why."""


class StepFailed(Exception):
    """The service did something else than the story expects; the text tells what."""


@dataclass(frozen=True, slots=True)
class Step(Generic[StoryT]):
    """One sentence of the story and the function that plays it."""

    name: str
    play: Callable[[StoryT], Facts]


@dataclass(frozen=True, slots=True)
class Result:
    """How one step went; ``error`` is empty when it went well."""

    name: str
    seconds: float
    facts: Facts = field(default_factory=dict)
    error: str = ""

    @property
    def left_out(self) -> str | None:
        """What of it was not played, and why."""
        return self.facts.get(LEFT_OUT)


def play(
    steps: Sequence[Step[StoryT]], story: StoryT, tell: Callable[[Result], None] = lambda _: None
) -> list[Result]:
    """Play the steps until one fails, telling each result as it comes; all results, the failed one last."""
    results = []
    for step in steps:
        result = _play(step, story)
        results.append(result)
        tell(result)
        if result.error:
            break
    return results


def _play(step: Step[StoryT], story: StoryT) -> Result:
    begun = time.monotonic()
    try:
        facts = step.play(story)
    except Exception as error:  # whatever goes wrong, the tour names the step in which it did
        return Result(step.name, time.monotonic() - begun, error=str(error) or repr(error))
    return Result(step.name, time.monotonic() - begun, facts)


def wait_until(found: Callable[[], StoryT | None], what: str, seconds: float = 60.0) -> StoryT:
    """Ask ``found`` again and again until it gives something; StepFailed names ``what`` did not come."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        result = found()
        if result is not None:
            return result
        time.sleep(0.1)
    raise StepFailed(f"waited {seconds:.0f} s in vain for {what}")
