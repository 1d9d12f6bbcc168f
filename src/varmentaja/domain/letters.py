# SPDX-License-Identifier: EUPL-1.2
"""The life cycle of a letter. What a code letter says is never stored; only that it went and when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from varmentaja.domain.authority import Action
from varmentaja.domain.errors import Message, message
from varmentaja.domain.machine import Machine, StateText, Transition


class LetterKind(StrEnum):
    """What letters there are."""

    CARD = "card"
    """Comes with the card."""
    CODE = "code"
    """Carries the activation code, on another day, by another road."""


class LetterState(StrEnum):
    """Where a letter stands."""

    DUE = "due"
    PRINTED = "printed"
    POSTED = "posted"
    RETURNED = "returned"
    CANCELLED = "cancelled"


class LetterEvent(StrEnum):
    """What can happen to a letter."""

    PRINT = "print"
    POST = "post"
    RETURN = "return"
    SEND_AGAIN = "send_again"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class LetterFacts:
    """What the guards look at."""

    today: date
    due_on: date
    held: bool = False
    """It could not be posted, and an officer is asked."""


def _must_be_held(facts: LetterFacts) -> Message | None:
    return None if facts.held else message("The letter is being posted. Wait until that is done.")


def _must_be_due(facts: LetterFacts) -> Message | None:
    if facts.today >= facts.due_on:
        return None
    return message("The letter is due on %(day)s.", day=facts.due_on.isoformat())


_S, _E = LetterState, LetterEvent
_Row = Transition[LetterState, LetterEvent, LetterFacts]

LETTER: Machine[LetterState, LetterEvent, LetterFacts] = Machine(
    start=_S.DUE,
    states={
        _S.DUE: StateText(message("Waiting for its day"), message("The letter waits for the day it is due.")),
        _S.PRINTED: StateText(message("Printed"), message("The letter has been printed.")),
        _S.POSTED: StateText(message("Posted"), message("The letter has been posted.")),
        _S.RETURNED: StateText(
            message("Returned"), message("The letter came back. Check the address before sending it again.")
        ),
        _S.CANCELLED: StateText(message("Cancelled"), message("The letter has been cancelled.")),
    },
    events={
        _E.PRINT: message("Print the letter"),
        _E.POST: message("Post the letter"),
        _E.RETURN: message("Note that the letter came back"),
        _E.SEND_AGAIN: message("Send the letter again"),
        _E.CANCEL: message("Cancel the letter"),
    },
    transitions=(
        _Row(_E.PRINT, (_S.DUE,), _S.PRINTED, Action.CARD_PRODUCE, _must_be_due),
        _Row(_E.POST, (_S.PRINTED,), _S.POSTED, Action.CARD_PRODUCE),
        _Row(_E.RETURN, (_S.POSTED,), _S.RETURNED, Action.CARD_RETURN_LETTER),
        _Row(_E.SEND_AGAIN, (_S.POSTED, _S.RETURNED), _S.DUE, Action.CARD_RETURN_LETTER),
        _Row(_E.SEND_AGAIN, (_S.PRINTED,), _S.DUE, Action.CARD_RETURN_LETTER, _must_be_held),
        _Row(_E.CANCEL, (_S.DUE, _S.PRINTED, _S.RETURNED), _S.CANCELLED, Action.CARD_REVOKE),
    ),
)
