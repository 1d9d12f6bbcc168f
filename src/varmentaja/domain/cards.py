# SPDX-License-Identifier: EUPL-1.2
"""The life cycle of a card. Its certificates have a life cycle of their own, joined to this by events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from varmentaja.domain.authority import Action
from varmentaja.domain.data_files import load
from varmentaja.domain.errors import Message, message
from varmentaja.domain.machine import Machine, StateText, Transition


class CardState(StrEnum):
    """Where a card stands."""

    ORDERED = "ordered"
    PERSONALISING = "personalising"
    MADE = "made"
    DISPATCHED = "dispatched"
    ACTIVATED = "activated"
    LOST = "lost"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    DISCARDED = "discarded"


IN_FORCE = frozenset(
    {
        CardState.ORDERED,
        CardState.PERSONALISING,
        CardState.MADE,
        CardState.DISPATCHED,
        CardState.ACTIVATED,
    }
)
"""A card that is, or is about to be, of use to its holder."""


OUT = frozenset({CardState.DISPATCHED, CardState.ACTIVATED})
"""A card that has left the factory and can be used, or will be once it is activated."""


class CardEvent(StrEnum):
    """What can happen to a card."""

    PERSONALISE = "personalise"
    MAKE = "make"
    DISPATCH = "dispatch"
    DISCARD = "discard"
    ACTIVATE = "activate"
    REPORT_LOST = "report_lost"
    CANCEL = "cancel"
    EXPIRE = "expire"


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What the guards look at."""

    today: date
    valid_until: date
    """The last day of validity."""


def _must_be_past(facts: CardFacts) -> Message | None:
    return message("The card is still valid.") if facts.today <= facts.valid_until else None


_S, _E = CardState, CardEvent
_Row = Transition[CardState, CardEvent, CardFacts]
_OUT = (_S.DISPATCHED, _S.ACTIVATED)

CARD: Machine[CardState, CardEvent, CardFacts] = Machine(
    start=_S.ORDERED,
    states={
        _S.ORDERED: StateText(message("Ordered"), message("The card has been ordered and waits to be made.")),
        _S.PERSONALISING: StateText(message("Being made"), message("The card is being made.")),
        _S.MADE: StateText(message("Made"), message("The card has been made and waits to be sent.")),
        _S.DISPATCHED: StateText(
            message("Sent"), message("The card has been sent and waits to be activated with the code letter.")
        ),
        _S.ACTIVATED: StateText(message("In use"), message("The card has been activated and is in use.")),
        _S.LOST: StateText(
            message("Reported lost"), message("The card has been reported lost and can no longer be used.")
        ),
        _S.CANCELLED: StateText(
            message("Cancelled"), message("The card has been cancelled and can no longer be used.")
        ),
        _S.EXPIRED: StateText(message("Expired"), message("The card has expired and can no longer be used.")),
        _S.DISCARDED: StateText(
            message("Discarded"), message("The card was discarded at the factory and never left it.")
        ),
    },
    events={
        _E.PERSONALISE: message("Start making the card"),
        _E.MAKE: message("Note that the card is made"),
        _E.DISPATCH: message("Note that the card was sent"),
        _E.DISCARD: message("Discard the card"),
        _E.ACTIVATE: message("Activate the card"),
        _E.REPORT_LOST: message("Report the card lost"),
        _E.CANCEL: message("Cancel the card"),
        _E.EXPIRE: message("Note that the card has expired"),
    },
    transitions=(
        _Row(_E.PERSONALISE, (_S.ORDERED,), _S.PERSONALISING, Action.CARD_PRODUCE),
        _Row(_E.MAKE, (_S.PERSONALISING,), _S.MADE, Action.CARD_PRODUCE),
        _Row(_E.DISPATCH, (_S.MADE,), _S.DISPATCHED, Action.CARD_PRODUCE),
        _Row(_E.DISCARD, (_S.ORDERED, _S.PERSONALISING, _S.MADE), _S.DISCARDED, Action.CARD_PRODUCE),
        # Seen at the first sign-in, by a certificate in force in real time; business time may be ahead.
        _Row(_E.ACTIVATE, (_S.DISPATCHED,), _S.ACTIVATED, Action.CARD_ACTIVATE),
        _Row(_E.REPORT_LOST, _OUT, _S.LOST, Action.CARD_REVOKE),
        _Row(_E.CANCEL, _OUT, _S.CANCELLED, Action.CARD_REVOKE),
        _Row(_E.EXPIRE, _OUT, _S.EXPIRED, Action.DEADLINES_KEEP, _must_be_past),
    ),
)


def days_of_replaced_card() -> int:
    """So many days after the code letter of its successor was posted, a card ends at the latest."""
    days: int = load("schedule")["replaced_card"]["days"]
    return days
