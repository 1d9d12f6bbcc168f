# SPDX-License-Identifier: EUPL-1.2
"""Every state x every event x every role of the life cycles, against reviewed tables in life_cycles/."""

from __future__ import annotations

from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest
from tests.support.machines import OWNER, actor, as_table, tries

from varmentaja.domain.actors import SYSTEM, Actor, Authentication, Role
from varmentaja.domain.applications import APPLICATION, ApplicationEvent, ApplicationFacts, ApplicationState
from varmentaja.domain.authority import Action
from varmentaja.domain.canaries import CANARY, CanaryFacts
from varmentaja.domain.cards import CARD, CardEvent, CardFacts, CardState
from varmentaja.domain.certificates import CERTIFICATE, CertificateEvent, CertificateFacts, CertificateState
from varmentaja.domain.errors import DomainError, Kind, message
from varmentaja.domain.letters import LETTER, LetterEvent, LetterFacts, LetterState
from varmentaja.domain.machine import Machine, StateText, Transition
from varmentaja.domain.orders import ORDER, DiscardReason, OrderEvent, OrderFacts, OrderState
from varmentaja.domain.publication_gate import HOLD, HoldFacts

TODAY = date(2026, 11, 23)
TOMORROW = date(2026, 11, 24)
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
LATER = datetime(2026, 11, 23, 13, tzinfo=UTC)

# For each life cycle: facts under which guards let everything pass that can pass together, and those after
# the end of validity, when only the guarded ends are possible.
CYCLES: list[tuple[str, Machine[Any, Any, Any], Any]] = [
    ("application", APPLICATION, ApplicationFacts(TODAY, TODAY, complete=True, review_reason="Checked")),
    ("application-old", APPLICATION, ApplicationFacts(TODAY, date(2026, 10, 1), complete=False)),
    ("card", CARD, CardFacts(TODAY, valid_until=TODAY)),
    ("card-past", CARD, CardFacts(TOMORROW, valid_until=TODAY)),
    ("certificate", CERTIFICATE, CertificateFacts(NOW, not_after=NOW)),
    ("certificate-past", CERTIFICATE, CertificateFacts(LATER, not_after=NOW)),
    ("letter", LETTER, LetterFacts(TODAY, due_on=TODAY)),
    ("letter-early", LETTER, LetterFacts(TODAY, due_on=TOMORROW)),
    ("letter-held", LETTER, LetterFacts(TODAY, due_on=TODAY, held=True)),
    ("hold", HOLD, HoldFacts(asked_by=1, acting=2)),
    ("hold-alone", HOLD, HoldFacts(asked_by=1, acting=1)),
    ("canary", CANARY, CanaryFacts(asked_by=1, acting=2)),
    ("canary-alone", CANARY, CanaryFacts(asked_by=1, acting=1)),
    ("order", ORDER, OrderFacts(DiscardReason.CARD_FAULT)),
    ("order-no-reason", ORDER, OrderFacts()),
]
MACHINES = [cycle for cycle in CYCLES if "-" not in cycle[0]]


@pytest.mark.parametrize(("name", "machine", "facts"), CYCLES, ids=[name for name, *_ in CYCLES])
def test_who_may_do_what_when_is_as_reviewed(name: str, machine: Machine[Any, Any, Any], facts: Any) -> None:
    reviewed = Path(__file__).with_name("life_cycles").joinpath(f"{name}.txt").read_text("utf-8")
    assert as_table(machine, facts) == reviewed


@pytest.mark.parametrize(("name", "machine", "facts"), CYCLES, ids=[name for name, *_ in CYCLES])
def test_every_refusal_has_a_reason_and_a_kind(
    name: str, machine: Machine[Any, Any, Any], facts: Any
) -> None:
    for attempt in tries(machine, facts):
        if attempt.refusal is not None:
            assert str(attempt.refusal.message).endswith(".")
            leads = machine.leads(attempt.state, attempt.event)
            kinds = {Kind.CONFLICT} if leads is None else {Kind.CONFLICT, Kind.NOT_ALLOWED}
            assert attempt.refusal.kind in kinds


@pytest.mark.parametrize(("name", "machine", "facts"), MACHINES, ids=[name for name, *_ in MACHINES])
def test_every_state_is_reached_and_has_its_words(
    name: str, machine: Machine[Any, Any, Any], facts: Any
) -> None:
    reached, waiting = {machine.start}, [machine.start]
    while waiting:
        state = waiting.pop()
        for event in machine.events:
            target = machine.leads(state, event)
            if target is not None and target not in reached:
                reached.add(target)
                waiting.append(target)
    all_states: type[StrEnum] = type(machine.start)
    assert reached == set(machine.states) == set(all_states)
    all_events: type[StrEnum] = type(machine.transitions[0].event)
    assert {row.event for row in machine.transitions} == set(machine.events) == set(all_events)


def test_the_ends_of_each_life_cycle() -> None:
    assert APPLICATION.final_states() == {
        ApplicationState.REFUSED,
        ApplicationState.FULFILLED,
        ApplicationState.CANCELLED,
        ApplicationState.LAPSED,
    }
    assert CARD.final_states() == {
        CardState.LOST,
        CardState.CANCELLED,
        CardState.EXPIRED,
        CardState.DISCARDED,
    }
    assert CERTIFICATE.final_states() == {CertificateState.REVOKED, CertificateState.EXPIRED}
    assert LETTER.final_states() == {LetterState.CANCELLED}
    assert ORDER.final_states() == {OrderState.DISPATCHED, OrderState.DISCARDED}


def test_a_revoked_or_burned_certificate_never_comes_back() -> None:
    """Unless the publication proves that what was burned had been issued after all."""
    assert all(CERTIFICATE.leads(CertificateState.REVOKED, event) is None for event in CertificateEvent)
    led = {CERTIFICATE.leads(CertificateState.BURNED, event) for event in CertificateEvent}
    assert led == {None, CertificateState.RECOVERED}


def test_a_card_leaves_the_factory_only_when_it_was_checked() -> None:
    for state in OrderState:
        target = ORDER.leads(state, OrderEvent.DISPATCH)
        assert (target is OrderState.DISPATCHED) == (state is OrderState.VERIFIED)


def test_a_decided_application_cannot_be_submitted_again() -> None:
    facts = ApplicationFacts(TODAY, TODAY, complete=True)
    with pytest.raises(DomainError, match="has been refused") as caught:
        APPLICATION.apply(
            ApplicationState.REFUSED, ApplicationEvent.SUBMIT, actor(Role.REGISTRAR), OWNER, facts
        )
    assert caught.value.kind is Kind.CONFLICT


def test_registrars_do_not_decide() -> None:
    facts = ApplicationFacts(TODAY, TODAY, complete=True, review_reason="Because")
    for state in ApplicationState:
        for event in (ApplicationEvent.APPROVE, ApplicationEvent.REFUSE):
            assert not APPLICATION.may(state, event, actor(Role.REGISTRAR), OWNER, facts)


def test_an_officer_does_not_decide_the_own_application() -> None:
    officer = Actor(OWNER.person_id, frozenset({Role.OFFICER}), Authentication.SCS)
    facts = ApplicationFacts(TODAY, TODAY, complete=True, review_reason="Because")
    refusal = APPLICATION.refusal(
        ApplicationState.WITH_OFFICER, ApplicationEvent.APPROVE, officer, OWNER, facts
    )
    assert refusal is not None
    assert refusal.kind is Kind.NOT_ALLOWED


def test_an_officer_writes_reasons() -> None:
    facts = ApplicationFacts(TODAY, TODAY, complete=True, review_reason=" \n")
    why = APPLICATION.why_not(
        ApplicationState.WITH_OFFICER, ApplicationEvent.REFUSE, actor(Role.OFFICER), OWNER, facts
    )
    assert str(why) == "Write the reasons for the decision."


def test_a_draft_lapses_only_after_its_days() -> None:
    def may(changed: date) -> bool:
        facts = ApplicationFacts(TODAY, changed, complete=False)
        return APPLICATION.may(ApplicationState.DRAFT, ApplicationEvent.LAPSE, SYSTEM, OWNER, facts)

    assert not may(date(2026, 10, 24))
    assert may(date(2026, 10, 23))


def test_an_early_letter_says_its_day() -> None:
    why = LETTER.why_not(LetterState.DUE, LetterEvent.PRINT, SYSTEM, OWNER, LetterFacts(TODAY, TOMORROW))
    assert str(why) == "The letter is due on 2026-11-24."


def test_a_card_in_use_is_noted_whatever_the_business_day() -> None:
    """Its certificates, which are dated in real time, have been checked before."""
    facts = CardFacts(TOMORROW, valid_until=TODAY)
    assert CARD.may(CardState.DISPATCHED, CardEvent.ACTIVATE, actor(Role.HOLDER), OWNER, facts)


def test_two_transitions_for_one_event_in_one_state_are_a_fault_of_the_table() -> None:
    row = Transition[CardState, CardEvent, CardFacts](
        CardEvent.MAKE, (CardState.ORDERED,), CardState.MADE, Action.CARD_PRODUCE
    )
    words = StateText(message("Made"), message("Made."))
    with pytest.raises(ValueError, match="two transitions"):
        Machine(
            CardState.ORDERED, dict.fromkeys(CardState, words), {CardEvent.MAKE: message("Make")}, (row, row)
        )


def test_the_diagram_shows_every_transition_with_its_roles() -> None:
    drawn = CARD.mermaid()
    assert drawn.startswith("stateDiagram-v2\n    [*] --> ordered\n")
    assert "    dispatched --> activated: activate (holder, system)\n" in drawn
    assert "    lost --> [*]\n" in drawn
    assert drawn.count("-->") == sum(len(row.sources) for row in CARD.transitions) + 1 + len(
        CARD.final_states()
    )
