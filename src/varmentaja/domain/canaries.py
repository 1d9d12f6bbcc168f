# SPDX-License-Identifier: EUPL-1.2
"""Certificates of known status, by which every publication is judged: their watch ends by two officers' word.

One officer may name a canary: that can only hold a publication back. One who could also dismiss it would let
a poisoned publication through alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from varmentaja.domain.authority import Action
from varmentaja.domain.errors import Message, message
from varmentaja.domain.machine import Machine, StateText, Transition


class CanaryState(StrEnum):
    """The way of a canary."""

    WATCHING = "watching"
    ASKED = "asked"
    DISMISSED = "dismissed"


class CanaryEvent(StrEnum):
    """What can happen to a canary."""

    ASK = "ask"
    AGREE = "agree"
    KEEP = "keep"


@dataclass(frozen=True, slots=True)
class CanaryFacts:
    """What the guards look at."""

    asked_by: int | None = None
    acting: int | None = None


def _must_be_another(facts: CanaryFacts) -> Message | None:
    if facts.acting is None or facts.acting == facts.asked_by:
        return message("Another officer must agree: nobody ends a watch alone.")
    return None


_S, _E = CanaryState, CanaryEvent
_Row = Transition[CanaryState, CanaryEvent, CanaryFacts]

CANARY: Machine[CanaryState, CanaryEvent, CanaryFacts] = Machine(
    start=_S.WATCHING,
    states={
        _S.WATCHING: StateText(message("Stands watch"), message("Every publication is judged by it.")),
        _S.ASKED: StateText(
            message("Waits for a second officer"),
            message("One officer has asked to end its watch; another must agree. It goes on until then."),
        ),
        _S.DISMISSED: StateText(message("Dismissed"), message("Publications are judged by it no more.")),
    },
    events={
        _E.ASK: message("Ask to end its watch"),
        _E.AGREE: message("Agree to end its watch"),
        _E.KEEP: message("Keep it on watch"),
    },
    transitions=(
        _Row(_E.ASK, (_S.WATCHING,), _S.ASKED, Action.STATUS_RELEASE),
        _Row(_E.AGREE, (_S.ASKED,), _S.DISMISSED, Action.STATUS_RELEASE, _must_be_another),
        _Row(_E.KEEP, (_S.ASKED,), _S.WATCHING, Action.STATUS_RELEASE),
    ),
)
