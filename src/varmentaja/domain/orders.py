# SPDX-License-Identifier: EUPL-1.2
"""The life cycle of an order at the card factory.

Each state is a point from which production goes on after an interruption. A card whose making cannot be
resumed is discarded with a reason; no half-made card leaves.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from varmentaja.domain.authority import Action
from varmentaja.domain.errors import Message, message
from varmentaja.domain.machine import Machine, StateText, Transition


class OrderState(StrEnum):
    """How far production has come."""

    QUEUED = "queued"
    PERSONALISING = "personalising"
    """A blank has been taken; keys are generated on it."""
    CERTIFIED = "certified"
    """Possession of the keys was proved and the certificates are issued."""
    WRITTEN = "written"
    """The certificates are on the card and the card is closed."""
    VERIFIED = "verified"
    """What the card says was read back and compared with the register."""
    DISPATCHED = "dispatched"
    DISCARDED = "discarded"


class OrderEvent(StrEnum):
    """What can happen to an order."""

    BEGIN = "begin"
    CERTIFY = "certify"
    WRITE = "write"
    VERIFY = "verify"
    DISPATCH = "dispatch"
    DISCARD = "discard"


MOST_BLANKS = 3
"""So many blanks are taken for one order; each spoiled one cost two certificates. Our own choice."""


class DiscardReason(StrEnum):
    """Why a card was thrown away at the factory."""

    CARD_FAULT = "card_fault"
    READ_BACK_DIFFERS = "read_back_differs"
    REGISTER_CHANGED = "register_changed"
    CANNOT_BE_CERTIFIED = "cannot_be_certified"


DISCARD_REASONS = {
    DiscardReason.CARD_FAULT: message("One blank card after the other was spoiled at the factory."),
    DiscardReason.READ_BACK_DIFFERS: message(
        "What was read back from the card differs from what was written."
    ),
    DiscardReason.REGISTER_CHANGED: message("The registers no longer agree with what is on the card."),
    DiscardReason.CANNOT_BE_CERTIFIED: message("The certificates could not be issued."),
}
"""Each reason as a sentence."""


@dataclass(frozen=True, slots=True)
class OrderFacts:
    """What the guards look at."""

    discard_reason: DiscardReason | None = None


def _must_have_reason(facts: OrderFacts) -> Message | None:
    return None if facts.discard_reason else message("Say why the card is discarded.")


_S, _E = OrderState, OrderEvent
_Row = Transition[OrderState, OrderEvent, OrderFacts]
_UNFINISHED = (_S.QUEUED, _S.PERSONALISING, _S.CERTIFIED, _S.WRITTEN, _S.VERIFIED)

ORDER: Machine[OrderState, OrderEvent, OrderFacts] = Machine(
    start=_S.QUEUED,
    states={
        _S.QUEUED: StateText(message("In the queue"), message("The order waits in the factory's queue.")),
        _S.PERSONALISING: StateText(message("Keys being made"), message("The card's keys are being made.")),
        _S.CERTIFIED: StateText(
            message("Certificates issued"), message("The card's certificates have been issued.")
        ),
        _S.WRITTEN: StateText(message("Written"), message("The certificates have been written on the card.")),
        _S.VERIFIED: StateText(
            message("Checked"), message("The card was read back and agrees with the registers.")
        ),
        _S.DISPATCHED: StateText(message("Sent from the factory"), message("The card has left the factory.")),
        _S.DISCARDED: StateText(message("Card discarded"), message("The card was discarded and never left.")),
    },
    events={
        _E.BEGIN: message("Take a blank card"),
        _E.CERTIFY: message("Note that the certificates are issued"),
        _E.WRITE: message("Note that the card is written"),
        _E.VERIFY: message("Note that the card is checked"),
        _E.DISPATCH: message("Send the card"),
        _E.DISCARD: message("Discard the card"),
    },
    transitions=(
        _Row(_E.BEGIN, (_S.QUEUED,), _S.PERSONALISING, Action.CARD_PRODUCE),
        _Row(_E.CERTIFY, (_S.PERSONALISING,), _S.CERTIFIED, Action.CARD_PRODUCE),
        _Row(_E.WRITE, (_S.CERTIFIED,), _S.WRITTEN, Action.CARD_PRODUCE),
        _Row(_E.VERIFY, (_S.WRITTEN,), _S.VERIFIED, Action.CARD_PRODUCE),
        _Row(_E.DISPATCH, (_S.VERIFIED,), _S.DISPATCHED, Action.CARD_PRODUCE),
        _Row(_E.DISCARD, _UNFINISHED, _S.DISCARDED, Action.CARD_PRODUCE, _must_have_reason),
    ),
)
