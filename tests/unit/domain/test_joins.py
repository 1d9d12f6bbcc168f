# SPDX-License-Identifier: EUPL-1.2
"""What an event of one life cycle causes in the others."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import pytest

from varmentaja.domain.applications import APPLICATION, ApplicationEvent, ApplicationState
from varmentaja.domain.cards import CARD, CardEvent, CardState
from varmentaja.domain.certificates import CERTIFICATE, CertificateEvent, CertificateState
from varmentaja.domain.joins import following
from varmentaja.domain.letters import LETTER, LetterEvent, LetterState
from varmentaja.domain.machine import Machine
from varmentaja.domain.orders import ORDER, OrderEvent, OrderState

MACHINES: dict[type[StrEnum], Machine[Any, Any, Any]] = {
    OrderEvent: ORDER,
    CardEvent: CARD,
    ApplicationEvent: APPLICATION,
    CertificateEvent: CERTIFICATE,
    LetterEvent: LETTER,
}


def follow(states: dict[type[StrEnum], StrEnum], event: StrEnum) -> None:
    """Apply ``event`` and all that follows, as an action does."""
    target = MACHINES[type(event)].leads(states[type(event)], event)
    if target is not None:
        states[type(event)] = target
        for consequence in following(event):
            follow(states, consequence)


def in_production() -> dict[type[StrEnum], StrEnum]:
    return {
        OrderEvent: OrderState.QUEUED,
        CardEvent: CardState.ORDERED,
        ApplicationEvent: ApplicationState.ORDERED,
        CertificateEvent: CertificateState.RESERVED,
        LetterEvent: LetterState.DUE,
    }


def test_production_carries_card_and_application_along() -> None:
    states = in_production()
    for event in (OrderEvent.BEGIN, OrderEvent.CERTIFY, OrderEvent.WRITE, OrderEvent.VERIFY):
        follow(states, event)
    assert states[CardEvent] is CardState.MADE
    follow(states, OrderEvent.DISPATCH)
    assert states[CardEvent] is CardState.DISPATCHED
    assert states[ApplicationEvent] is ApplicationState.FULFILLED


@pytest.mark.parametrize("certificate", [CertificateState.RESERVED, CertificateState.ISSUED])
@pytest.mark.parametrize("made", range(5))
def test_a_discarded_order_leaves_nothing_usable_and_can_be_ordered_again(
    made: int, certificate: CertificateState
) -> None:
    states = in_production() | {CertificateEvent: certificate}
    for event in (OrderEvent.BEGIN, OrderEvent.CERTIFY, OrderEvent.WRITE, OrderEvent.VERIFY)[:made]:
        follow(states, event)
    follow(states, OrderEvent.DISCARD)
    assert states[CardEvent] is CardState.DISCARDED
    assert states[ApplicationEvent] is ApplicationState.APPROVED
    assert states[CertificateEvent] in (CertificateState.BURNED, CertificateState.REVOKED)
    assert states[LetterEvent] is LetterState.CANCELLED


@pytest.mark.parametrize("event", [CardEvent.REPORT_LOST, CardEvent.CANCEL])
@pytest.mark.parametrize("letter", LetterState)
def test_an_ended_card_loses_its_certificates_and_unsent_letters(
    event: CardEvent, letter: LetterState
) -> None:
    states = {
        CardEvent: CardState.DISPATCHED,
        CertificateEvent: CertificateState.ISSUED,
        LetterEvent: letter,
    }
    follow(states, event)
    assert states[CertificateEvent] is CertificateState.REVOKED
    assert states[LetterEvent] in (LetterState.CANCELLED, LetterState.POSTED)


def test_events_of_different_kinds_with_one_name_are_not_mixed_up() -> None:
    assert following(CardEvent.CANCEL)
    assert following(ApplicationEvent.CANCEL) == following(LetterEvent.CANCEL) == ()
