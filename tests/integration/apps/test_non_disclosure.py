# SPDX-License-Identifier: EUPL-1.2
"""Under a non-disclosure order nothing goes home, whenever the order came (decision 10)."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils.translation import override
from tests.support.registers import person_is_now
from tests.support.service import Service

from varmentaja.apps.applications.actions.review_application import (
    approve_after_review,
    return_to_registrar,
)
from varmentaja.apps.applications.actions.send_elsewhere import send_elsewhere
from varmentaja.apps.applications.models import Application
from varmentaja.apps.applications.queries import application_file
from varmentaja.apps.audit.models import Entry
from varmentaja.apps.cards.actions.order_again import order_again
from varmentaja.apps.cards.actions.produce_card import produce_card
from varmentaja.apps.cards.models import Card, Order
from varmentaja.apps.cards.queries_office import troubled_orders
from varmentaja.apps.letters.actions.post_letter import post_letter
from varmentaja.apps.letters.actions.send_again import send_again
from varmentaja.apps.letters.models import Letter
from varmentaja.apps.letters.queries import due_letters, troubled_letters
from varmentaja.domain.delivery import Destination
from varmentaja.domain.eligibility_rules import Outcome
from varmentaja.domain.errors import DomainError, Kind
from varmentaja.web.registration.receipt import receipt_of
from varmentaja.web.registration.summary import answer_rows

pytestmark = pytest.mark.django_db

STREET = "Esimerkkikatu 12"
"""Where the physician of the cast lives."""


@pytest.fixture
def hide(service: Service, monkeypatch: pytest.MonkeyPatch) -> Any:
    """The order is entered in the population register at this moment."""
    return lambda: person_is_now(service, monkeypatch, non_disclosure=True)


def posted(service: Service, card: Card) -> list[tuple[str, ...]]:
    return [each.address_lines for each in service.post.delivered(card.person.electronic_id)]


def test_an_order_after_the_address_step_sends_the_application_back_to_it(
    service: Service, hide: Any
) -> None:
    draft = service.application(destination=Destination.HOME)
    hide()
    decision = service.submit(draft)
    assert decision.outcome is Outcome.TO_DESK
    assert [result.rule for result in decision.results if result.outcome is Outcome.TO_DESK] == [
        "home-not-hidden"
    ]
    draft.refresh_from_db()
    assert (draft.state, draft.delivery, draft.submitted_at) == ("draft", None, None)
    assert application_file(draft.pk, today=service.today).missing == ("delivery",)
    assert not Card.objects.exists()
    entry = Entry.objects.filter(action="application.changed").latest("id")
    assert entry.document["facts"] == {"step": "delivery", "cleared": "non_disclosure"}


def test_an_order_while_the_application_is_with_an_officer_stops_its_approval(
    service: Service, hide: Any
) -> None:
    draft = service.application("restricted_physician", destination=Destination.HOME)
    service.submit(draft)
    hide()

    def approve() -> Any:
        version = Application.objects.get(pk=draft.pk).version
        return approve_after_review(
            service.officer(), draft.pk, version, "Well.", now=service.now, today=service.today
        )

    assert any("non-disclosure" in str(heard) for heard in approve())
    with pytest.raises(DomainError, match="non-disclosure") as refusal:
        approve()
    assert refusal.value.kind is Kind.CONFLICT
    version = Application.objects.get(pk=draft.pk).version
    return_to_registrar(service.officer(), draft.pk, version, "Another address.", today=service.today)
    assert service.submit(Application.objects.get(pk=draft.pk)).outcome is Outcome.TO_DESK
    assert not Card.objects.exists()


def test_an_order_before_the_card_is_sent_holds_it_for_an_officer(service: Service, hide: Any) -> None:
    draft = service.application(destination=Destination.HOME)
    service.submit(draft)
    order = service.order_of(draft)
    hide()
    assert produce_card(order.pk, now=service.now, today=service.today) == "verified"
    assert produce_card(order.pk, now=service.now, today=service.today) == "verified"
    card = Card.objects.get(pk=order.card_id)
    assert posted(service, card) == []
    (line,) = troubled_orders("").lines
    assert "non-disclosure" in str(line.reason)
    assert card.person.non_disclosure and card.person.home_address is None
    with pytest.raises(DomainError) as refusal:
        send_elsewhere(service.registrar(), draft.pk, today=service.today)
    assert refusal.value.kind is Kind.NOT_ALLOWED
    send_elsewhere(service.officer(), draft.pk, today=service.today)
    assert produce_card(order.pk, now=service.now, today=service.today) == "dispatched"
    letter = Letter.objects.get(card=card)
    post_letter(letter.pk, now=service.now, today=letter.due_on)
    addresses = posted(service, card)
    assert len(addresses) == 2
    assert not any(STREET in line for lines in addresses for line in lines)
    assert troubled_orders("").lines == ()
    with pytest.raises(DomainError, match="Nothing of this application"):
        send_elsewhere(service.officer(), draft.pk, today=service.today)


def test_a_card_that_the_post_has_already_is_stopped_there(
    service: Service, hide: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def kill(*args: Any, **kwargs: Any) -> Any:
        raise Killed

    draft = service.application(destination=Destination.HOME)
    service.submit(draft)
    order = service.order_of(draft)
    with monkeypatch.context() as patch:
        patch.setattr("varmentaja.apps.cards.dispatch.note_left", kill)
        with pytest.raises(Killed):
            produce_card(order.pk, now=service.now, today=service.today)
    assert len(posted(service, order.card)) == 1
    hide()
    assert produce_card(order.pk, now=service.now, today=service.today) == "verified"
    assert posted(service, order.card) == []


def test_an_order_before_the_letter_is_posted_holds_it_and_no_code_is_derived(
    service: Service, hide: Any
) -> None:
    draft = service.application(destination=Destination.HOME)
    service.submit(draft)
    produce_card(service.order_of(draft).pk, now=service.now, today=service.today)
    card = Card.objects.get(application=draft)
    letter = Letter.objects.get(card=card)
    derived = Entry.objects.filter(action="code.derived").count()
    hide()
    post_letter(letter.pk, now=service.now, today=letter.due_on)
    assert len(posted(service, card)) == 1, "the card alone"
    assert Entry.objects.filter(action="code.derived").count() == derived
    (line,) = troubled_letters("").lines
    assert line.held and "non-disclosure" in str(line.reason)
    assert due_letters(letter.due_on) == []
    officer = service.officer()
    with pytest.raises(DomainError, match="non-disclosure"):
        send_again(officer, letter.pk, Destination.HOME, now=service.now, today=letter.due_on)
    send_again(officer, letter.pk, Destination.POINT, now=service.now, today=letter.due_on)
    post_letter(letter.pk, now=service.now, today=letter.due_on)
    assert Letter.objects.get(pk=letter.pk).state == "posted"
    assert not any(STREET in line for line in posted(service, card)[-1])
    assert troubled_letters("").lines == ()


def test_a_home_that_was_settled_before_the_order_is_shown_nowhere(
    service: Service, hide: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = service.application(destination=Destination.HOME)
    service.submit(draft)
    shown = application_file(draft.pk, today=service.today)
    assert any(STREET in str(row.value) for row in answer_rows(shown))
    hide()
    service.person("physician")  # asked by somebody else meanwhile
    hidden = application_file(draft.pk, today=service.today)
    with override("en"):
        rows = [str(row.value) for row in answer_rows(hidden)]
    assert not any(STREET in row for row in rows)
    assert rows.count("Elina Mäntykangas, Home address in the population register") == 2
    written: list[Any] = []
    monkeypatch.setattr(
        "varmentaja.web.registration.receipt.application_receipt", lambda *of: written.append(of)
    )
    receipt_of(hidden)
    assert STREET not in repr(written)


def test_an_order_anew_is_refused_until_another_address_is_chosen(service: Service, hide: Any) -> None:
    draft = service.application(destination=Destination.HOME)
    service.submit(draft)
    order = service.order_of(draft)
    Card.objects.filter(pk=order.card_id).update(title="t" * 65)
    assert produce_card(order.pk, now=service.now, today=service.today) == "discarded"
    hide()

    def again() -> None:
        version = Application.objects.get(pk=draft.pk).version
        order_again(service.officer(), draft.pk, version, now=service.now, today=service.today)

    with pytest.raises(DomainError, match="non-disclosure"):
        again()
    service.person("physician")
    send_elsewhere(service.officer(), draft.pk, today=service.today)
    again()
    assert Order.objects.count() == 2
