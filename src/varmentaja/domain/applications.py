# SPDX-License-Identifier: EUPL-1.2
"""The life cycle of an application, from draft to a dispatched card."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from varmentaja.domain.authority import Action
from varmentaja.domain.data_files import load
from varmentaja.domain.errors import Message, message
from varmentaja.domain.machine import Machine, StateText, Transition


class ApplicationState(StrEnum):
    """Where an application stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    WITH_OFFICER = "with_officer"
    APPROVED = "approved"
    REFUSED = "refused"
    ORDERED = "ordered"
    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"
    LAPSED = "lapsed"


OPEN_STATES = frozenset(
    {
        ApplicationState.DRAFT,
        ApplicationState.SUBMITTED,
        ApplicationState.WITH_OFFICER,
        ApplicationState.APPROVED,
        ApplicationState.ORDERED,
    }
)
"""While an application is in one of these, a second one for the same card is a duplicate."""


class ApplicationEvent(StrEnum):
    """What can happen to an application."""

    EDIT = "edit"
    SUBMIT = "submit"
    APPROVE = "approve"
    REFUSE = "refuse"
    HAND_TO_OFFICER = "hand_to_officer"
    RETURN = "return"
    ORDER = "order"
    ORDER_DISCARDED = "order_discarded"
    FULFIL = "fulfil"
    CANCEL = "cancel"
    LAPSE = "lapse"


@dataclass(frozen=True, slots=True)
class ApplicationFacts:
    """What the guards look at."""

    today: date
    changed_on: date
    """The business day of the last change."""
    complete: bool
    """Every step of the form has its answer."""
    review_reason: str = ""
    """What the reviewing officer wrote."""


def _must_be_complete(facts: ApplicationFacts) -> Message | None:
    return None if facts.complete else message("Some answers are still missing from the application.")


def _must_have_reason(facts: ApplicationFacts) -> Message | None:
    return None if facts.review_reason.strip() else message("Write the reasons for the decision.")


def draft_days() -> int:
    """A draft lapses when so many days have passed since its last change."""
    days: int = load("schedule")["draft"]["days"]
    return days


def _must_be_old(facts: ApplicationFacts) -> Message | None:
    days = draft_days()
    if facts.today > facts.changed_on + timedelta(days=days):
        return None
    return message("A draft lapses %(days)s days after its last change.", days=days)


_S, _E = ApplicationState, ApplicationEvent
_Row = Transition[ApplicationState, ApplicationEvent, ApplicationFacts]

APPLICATION: Machine[ApplicationState, ApplicationEvent, ApplicationFacts] = Machine(
    start=_S.DRAFT,
    states={
        _S.DRAFT: StateText(message("Draft"), message("The application has not been submitted yet.")),
        _S.SUBMITTED: StateText(
            message("Submitted"), message("The application has been submitted and is being decided.")
        ),
        _S.WITH_OFFICER: StateText(
            message("With an officer"),
            message("An officer of the certificate service reviews the application."),
        ),
        _S.APPROVED: StateText(message("Approved"), message("The application has been approved.")),
        _S.REFUSED: StateText(message("Refused"), message("The application has been refused.")),
        _S.ORDERED: StateText(
            message("Card ordered"), message("The card has been ordered from the factory.")
        ),
        _S.FULFILLED: StateText(message("Card sent"), message("The card has been sent.")),
        _S.CANCELLED: StateText(
            message("Application cancelled"), message("The application has been cancelled.")
        ),
        _S.LAPSED: StateText(
            message("Lapsed"), message("The application lapsed because it was not submitted in time.")
        ),
    },
    events={
        _E.EDIT: message("Change the answers"),
        _E.SUBMIT: message("Submit the application"),
        _E.APPROVE: message("Approve"),
        _E.REFUSE: message("Refuse"),
        _E.HAND_TO_OFFICER: message("Hand to an officer"),
        _E.RETURN: message("Return for correction"),
        _E.ORDER: message("Order the card"),
        _E.ORDER_DISCARDED: message("Note that production failed"),
        _E.FULFIL: message("Note that the card was sent"),
        _E.CANCEL: message("Cancel the application"),
        _E.LAPSE: message("Let the draft lapse"),
    },
    transitions=(
        _Row(_E.EDIT, (_S.DRAFT,), _S.DRAFT, Action.APPLICATION_EDIT),
        _Row(_E.SUBMIT, (_S.DRAFT,), _S.SUBMITTED, Action.APPLICATION_SUBMIT, _must_be_complete),
        _Row(_E.APPROVE, (_S.SUBMITTED,), _S.APPROVED, Action.APPLICATION_DECIDE_BY_RULE),
        _Row(_E.REFUSE, (_S.SUBMITTED,), _S.REFUSED, Action.APPLICATION_DECIDE_BY_RULE),
        # An approved one whose card was discarded is decided anew before another card is ordered.
        _Row(
            _E.HAND_TO_OFFICER,
            (_S.SUBMITTED, _S.APPROVED),
            _S.WITH_OFFICER,
            Action.APPLICATION_DECIDE_BY_RULE,
        ),
        _Row(_E.APPROVE, (_S.WITH_OFFICER,), _S.APPROVED, Action.APPLICATION_REVIEW, _must_have_reason),
        _Row(_E.REFUSE, (_S.WITH_OFFICER,), _S.REFUSED, Action.APPLICATION_REVIEW, _must_have_reason),
        _Row(_E.RETURN, (_S.WITH_OFFICER,), _S.DRAFT, Action.APPLICATION_REVIEW, _must_have_reason),
        _Row(_E.ORDER, (_S.APPROVED,), _S.ORDERED, Action.CARD_PRODUCE),
        _Row(_E.ORDER_DISCARDED, (_S.ORDERED,), _S.APPROVED, Action.CARD_PRODUCE),
        _Row(_E.FULFIL, (_S.ORDERED,), _S.FULFILLED, Action.CARD_PRODUCE),
        _Row(_E.CANCEL, (_S.DRAFT, _S.WITH_OFFICER, _S.APPROVED), _S.CANCELLED, Action.APPLICATION_CANCEL),
        _Row(_E.LAPSE, (_S.DRAFT,), _S.LAPSED, Action.DEADLINES_KEEP, _must_be_old),
    ),
)
