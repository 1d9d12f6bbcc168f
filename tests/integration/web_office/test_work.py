# SPDX-License-Identifier: EUPL-1.2
"""What an officer does: ends a card by telephone, reviews, sends a letter again, orders anew."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from tests.integration.web_office.conftest import signed_in
from tests.support.registers import person_is_now, right_is_now
from tests.support.service import Service

from varmentaja.adapters.sandbox.cast import load_cast
from varmentaja.apps.applications.actions.open_application import open_application
from varmentaja.apps.cards.actions.produce_card import produce_card
from varmentaja.apps.letters.actions.post_letter import post_letter
from varmentaja.apps.letters.models import Letter
from varmentaja.domain.delivery import Destination
from varmentaja.domain.errors import DomainError
from varmentaja.pki.names import CharacterSet

pytestmark = pytest.mark.django_db

CALL = {"ground": "lost", "caller": "questions", "note": "Kadonnut junaan"}


def last_entry(action: str) -> dict[str, Any]:
    from varmentaja.apps.audit.models import Entry

    return Entry.objects.filter(action=action).order_by("-id")[0].document


def waiting(service: Service) -> Any:
    """An application that the rules handed to an officer."""
    draft = service.application("restricted_physician")
    service.submit(draft)
    draft.refresh_from_db()
    assert draft.state == "with_officer"
    return draft


def test_a_card_is_revoked_by_telephone_after_a_look(service: Service, office: Client) -> None:
    card = service.made_card()
    address = f"/en/office/cards/{card.pk}/revoke/"
    check = office.post(address, CALL)
    assert "cannot be undone" in check.text and card.person.family_name in check.text
    card.refresh_from_db()
    assert card.state == "dispatched"
    done = office.post(address, {**CALL, "confirmed": "1"}, follow=True)
    assert done.redirect_chain[-1][0] == f"/en/office/cards/{card.pk}/revoked/"
    assert "/ocsp/" in done.text and ".crl" in done.text
    card.refresh_from_db()
    assert card.state == "lost"
    assert {row.state for row in card.certificates.all()} == {"revoked"}
    assert card.letters.get().state == "cancelled"
    entry = last_entry("card.reported_lost")
    assert entry["actor"]["for"] == card.person_id
    assert entry["facts"] == {"ground": "lost", "caller": "questions"}
    assert "junaan" not in str(entry)
    assert office.post(address, {**CALL, "confirmed": "1"}).status_code == 409


def test_the_telephone_form_asks_for_every_answer_and_keeps_what_was_written(
    service: Service, office: Client
) -> None:
    card = service.made_card()
    page = office.post(f"/en/office/cards/{card.pk}/revoke/", {"ground": "lost", "caller": "unsure"})
    assert "Write who called" in page.text
    changed = office.post(f"/en/office/cards/{card.pk}/revoke/", {**CALL, "change": "1"})
    assert "Kadonnut junaan" in changed.text


def test_a_registrar_cannot_use_the_telephone_form(service: Service) -> None:
    card = service.made_card()
    registrar = signed_in(service, "registrar", "registrar")
    assert (
        registrar.post(f"/en/office/cards/{card.pk}/revoke/", {**CALL, "confirmed": "1"}).status_code == 403
    )


@pytest.mark.parametrize(
    ("decision", "state"), [("approve", "ordered"), ("refuse", "refused"), ("return", "draft")]
)
def test_an_officer_decides_with_reasons(service: Service, office: Client, decision: str, state: str) -> None:
    draft = waiting(service)
    address = f"/en/office/applications/{draft.pk}/"
    assert "restricted" in office.get(address).text
    answers = {"decision": decision, "reason": "Rajoitus ei estä korttia", "version": draft.version}
    assert office.post(address, {**answers, "reason": ""}).status_code == 200
    office.post(address, answers)
    draft.refresh_from_db()
    assert draft.state == state
    assert draft.review_reason == "Rajoitus ei estä korttia"


def test_what_has_changed_meanwhile_is_shown_and_the_reasons_stay_written(
    service: Service, office: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = waiting(service)
    register = type(service.outside.professional_register)
    ask = register.professional

    def unrestricted(self: Any, code: Any, *, request_id: str) -> Any:
        told = ask(self, code, request_id=request_id)
        assert told is not None
        return replace(told, rights=tuple(replace(right, restricted=False) for right in told.rights))

    monkeypatch.setattr(register, "professional", unrestricted)
    address = f"/en/office/applications/{draft.pk}/"
    page = office.post(address, {"decision": "approve", "reason": "Tarkistettu", "version": draft.version})
    assert "Nothing has been decided yet" in page.text
    assert "Tarkistettu" in page.text
    draft.refresh_from_db()
    assert draft.state == "with_officer"
    assert f'value="{draft.version}"' in page.text
    office.post(address, {"decision": "approve", "reason": "Tarkistettu", "version": draft.version})
    draft.refresh_from_db()
    assert draft.state == "ordered"


def test_the_second_of_two_officers_is_told(service: Service, office: Client) -> None:
    draft = waiting(service)
    address = f"/en/office/applications/{draft.pk}/"
    answers = {"reason": "Tarkistettu", "version": draft.version}
    office.post(address, {**answers, "decision": "refuse"})
    second = office.post(address, {**answers, "decision": "approve"})
    assert "was changed after you opened the page" in second.text
    draft.refresh_from_db()
    assert draft.state == "refused"


def test_nobody_reviews_an_own_application(service: Service, db: None) -> None:
    draft = waiting(service)
    own = signed_in(service, "restricted_physician", "officer")
    address = f"/en/office/applications/{draft.pk}/"
    assert "an application of your own" in own.get(address).text
    own.post(address, {"decision": "approve", "reason": "Kyllä", "version": draft.version})
    draft.refresh_from_db()
    assert draft.state == "with_officer"
    refused = last_entry("application.reviewed")
    assert refused["outcome"] == "refused"
    assert refused["subject"] == {"type": "applications.application", "id": str(draft.pk)}


def test_a_returned_letter_goes_again_under_a_new_key(service: Service, office: Client) -> None:
    from varmentaja.apps.letters.actions.post_letter import post_letter

    card = service.made_card()
    letter = card.letters.get()
    address, day = f"/en/office/letters/{letter.pk}/", letter.due_on
    assert office.post(f"{address}returned/").status_code == 409
    post_letter(letter.pk, now=service.now, today=day)
    office.post(f"{address}returned/")
    letter.refresh_from_db()
    assert letter.state == "returned"
    key = letter.key
    office.post(address, {"to": Destination.HOME})
    letter.refresh_from_db()
    assert (letter.state, letter.posted_on) == ("due", None)
    assert letter.key != key
    post_letter(letter.pk, now=service.now, today=letter.due_on)
    letter.refresh_from_db()
    assert letter.state == "posted"
    assert "Code letter came back" in office.get(f"/en/office/people/{card.person_id}/").text


def test_a_letter_never_goes_home_under_a_non_disclosure_order(service: Service, office: Client) -> None:
    from varmentaja.apps.letters.actions.post_letter import post_letter

    card = service.made_card("non_disclosure")
    letter = card.letters.get()
    post_letter(letter.pk, now=service.now, today=letter.due_on)
    page = office.post(f"/en/office/letters/{letter.pk}/", {"to": Destination.HOME})
    assert "non-disclosure order" in page.text
    letter.refresh_from_db()
    assert letter.state == "posted"


def test_a_discarded_card_is_ordered_again_on_what_the_registers_say(
    service: Service, office: Client
) -> None:
    draft = service.application()
    service.submit(draft)
    order = service.order_of(draft)
    discard_for_change(service, order)
    draft.refresh_from_db()
    assert draft.state == "approved"
    assert str(draft.pk) in office.get("/en/office/applications/discarded/").text
    address = f"/en/office/applications/{draft.pk}/order-again/"
    page = office.post(address, {"version": draft.version}, follow=True)
    assert "A new card has been ordered" in page.text
    draft.refresh_from_db()
    assert draft.state == "ordered"
    assert draft.cards.count() == 2


def test_what_the_rules_leave_to_an_officer_is_not_ordered_again_by_one_press(
    service: Service, office: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = service.application()
    service.submit(draft)
    discard_for_change(service, service.order_of(draft))
    right_is_now(service, monkeypatch, restricted=True)
    draft.refresh_from_db()
    address = f"/en/office/applications/{draft.pk}/"
    page = office.post(f"{address}order-again/", {"version": draft.version}, follow=True)
    assert "No card has been ordered" in page.text
    assert "The right to practise is restricted" in page.text
    draft.refresh_from_db()
    assert (draft.state, draft.cards.count()) == ("with_officer", 1)
    form = {"decision": "approve", "reason": "", "version": draft.version}
    assert "Write the reasons" in office.post(address, form).text
    office.post(address, {**form, "reason": "Tarkistettu"})
    draft.refresh_from_db()
    assert (draft.state, draft.cards.count()) == ("ordered", 2)
    discard_for_change(service, draft.cards.latest("id").order)
    draft.refresh_from_db()
    page = office.post(f"{address}order-again/", {"version": draft.version}, follow=True)
    assert "A new card has been ordered" in page.text, "an officer has settled it already"


def test_a_card_is_not_ordered_again_under_a_name_that_cannot_be_certified(
    service: Service, office: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.CHARACTER_SET = CharacterSet.LATIN1
    draft = service.application()
    service.submit(draft)
    discard_for_change(service, service.order_of(draft))
    person_is_now(service, monkeypatch, family_name="Čáhputčearru")
    draft.refresh_from_db()
    address = f"/en/office/applications/{draft.pk}/"
    for _ in range(2):
        office.post(f"{address}order-again/", {"version": draft.version})
        draft.refresh_from_db()
    form = {"decision": "approve", "reason": "Hyvä", "version": draft.version}
    assert "cannot be made under this name" in office.post(address, form).text
    assert draft.cards.count() == 1


def test_a_discarded_card_s_application_can_be_cancelled(service: Service, office: Client) -> None:
    draft = service.application()
    service.submit(draft)
    discard_for_change(service, service.order_of(draft))
    draft.refresh_from_db()
    office.post(f"/en/office/applications/{draft.pk}/cancel/", {"version": draft.version})
    draft.refresh_from_db()
    assert draft.state == "cancelled"


def discard_for_change(service: Service, order: Any) -> None:
    """The factory discards the card because the registers have changed."""
    from django.db import transaction

    from varmentaja.apps.cards.orders import discard, locked_order
    from varmentaja.domain.orders import DiscardReason

    with transaction.atomic():
        discard(locked_order(order.pk), DiscardReason.REGISTER_CHANGED, now=service.now, today=service.today)


def test_refusals_are_listed_with_reasons_in_the_reader_s_language(service: Service, office: Client) -> None:
    from varmentaja.apps.cards.actions.end_card import end_card
    from varmentaja.domain.errors import DomainError
    from varmentaja.domain.revocation import Ground

    draft = service.application()
    service.submit(draft)
    card = service.order_of(draft).card
    with pytest.raises(DomainError):
        end_card(service.officer(), card.pk, Ground.LOST, now=service.now, today=service.today)
    page = office.get("/en/office/refusals/").text
    assert "The card has been ordered and waits to be made." in page
    assert f"/en/office/cards/{card.pk}/" in page
    finnish = office.get("/fi/office/refusals/").text
    assert "The card has been ordered" not in finnish
    assert last_entry("audit.read")["facts"] == {"list": "refusals", "people": [service.officer().person_id]}


def test_a_card_whose_name_no_longer_agrees_does_not_stand_in_the_way(service: Service, db: None) -> None:
    from varmentaja.apps.cards.agreement import agrees
    from varmentaja.apps.people.queries import person_of

    card = service.made_card()
    person = person_of(card.person)
    professional = service.outside.professional_register.professional(person.identity_code, request_id="test")
    assert agrees(card, person, professional, today=service.today)
    assert not agrees(card, replace(person, family_name="Uusinimi"), professional, today=service.today)
    assert not agrees(card, person, None, today=service.today)


def test_an_officer_ends_another_s_card_by_the_telephone_form_alone(service: Service, office: Client) -> None:
    card = service.made_card()
    assert office.post(f"/en/my-card/{card.pk}/end/", {"ground": "lost"}).status_code == 403
    card.refresh_from_db()
    assert card.state == "dispatched"


def test_why_a_card_was_discarded_is_told_where_it_is_ordered_again(service: Service, office: Client) -> None:
    draft = service.application()
    service.submit(draft)
    discard_for_change(service, service.order_of(draft))
    why = "The registers no longer agree with what is on the card."
    listed = office.get("/en/office/applications/discarded/").text
    assert why in listed
    assert "The person is alive." not in listed, "what was passed is no reason"
    assert why in office.get(f"/en/office/applications/{draft.pk}/").text


def test_a_draft_of_any_point_can_be_cancelled_by_the_office(service: Service, office: Client) -> None:
    draft = service.application()
    elsewhere = service.registrar("second_registrar", "exempelby")
    code = str(load_cast().member("physician").identity_code)
    with pytest.raises(DomainError, match="can cancel it"):
        open_application(elsewhere, code, now=service.now, today=service.today)
    address = f"/en/office/applications/{draft.pk}/"
    assert "Cancel the draft" in office.get(address).text
    page = office.post(f"{address}cancel/", {"version": draft.version}, follow=True)
    assert "The application has been cancelled." in page.text
    assert "Cancel the draft" not in page.text
    assert last_entry("application.cancelled")["actor"]["person"] == service.officer().person_id
    assert open_application(elsewhere, code, now=service.now, today=service.today).pk != draft.pk


def test_a_letter_in_trouble_is_listed_and_sent_by_hand(
    service: Service, office: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = service.application(destination=Destination.HOME)
    service.submit(draft)
    produce_card(service.order_of(draft).pk, now=service.now, today=service.today)
    letter = Letter.objects.get(card__application=draft)
    person_is_now(service, monkeypatch, non_disclosure=True)
    assert "Letters in trouble" in office.get("/en/office/").text
    assert "No letter is in trouble." in office.get("/en/office/letters/").text
    post_letter(letter.pk, now=service.now, today=letter.due_on)
    listed = office.get("/en/office/letters/").text
    assert "non-disclosure order" in listed and "It waits for an officer" in listed
    address = f"/en/office/letters/{letter.pk}/"
    assert address in listed
    assert "non-disclosure order" in office.get(address).text
    refused = office.post(address, {"to": "home"})
    assert "the home address is not used" in refused.text
    assert "printed and posted again" in office.post(address, {"to": "point"}, follow=True).text
    assert "No letter is in trouble." in office.get("/en/office/letters/").text


def test_a_card_that_must_not_go_home_is_sent_to_the_point(
    service: Service, office: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    draft = service.application(destination=Destination.HOME)
    service.submit(draft)
    order = service.order_of(draft)
    address = f"/en/office/applications/{draft.pk}/"
    assert "Send to the registration point" not in office.get(address).text
    person_is_now(service, monkeypatch, non_disclosure=True)
    produce_card(order.pk, now=service.now, today=service.today)
    assert "Choose another address" in office.get("/en/office/orders/").text
    assert "Send to the registration point" in office.get(address).text
    page = office.post(f"{address}send-elsewhere/", follow=True)
    assert "are sent to the registration point" in page.text
    assert "was to go home" not in page.text
    assert produce_card(order.pk, now=service.now, today=service.today) == "dispatched"
    assert "Nothing of this application" in office.post(f"{address}send-elsewhere/", follow=True).text


def test_a_refusal_about_somebody_unknown_shows_the_masked_code(service: Service, office: Client) -> None:
    dead = load_cast().member("dead").identity_code
    with pytest.raises(DomainError):
        open_application(service.registrar(), str(dead), now=service.now, today=service.today)
    assert dead.masked() in office.get("/en/office/refusals/").text
