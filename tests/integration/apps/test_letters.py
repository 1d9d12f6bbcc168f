# SPDX-License-Identifier: EUPL-1.2
"""A code letter and the end of its card, whichever comes first."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from tests.support.service import Service

from varmentaja.apps.audit.models import Entry
from varmentaja.apps.cards.actions.end_card import end_card
from varmentaja.apps.letters.actions import post_letter as posting
from varmentaja.apps.letters.actions.post_letter import post_letter
from varmentaja.apps.letters.actions.send_again import send_again
from varmentaja.apps.letters.models import Letter
from varmentaja.apps.letters.queries import due_letters, troubled_letters
from varmentaja.domain.delivery import Destination
from varmentaja.domain.errors import DomainError, Kind, invalid
from varmentaja.domain.revocation import Ground

pytestmark = pytest.mark.django_db


def lose(service: Service, card: Any) -> None:
    end_card(service.officer(), card.pk, Ground.LOST, now=service.now, today=service.today)


def code_letters(service: Service, card: Any) -> list[str]:
    return [each.key for each in service.post.delivered(card.person.electronic_id) if each.kind == "code"]


def actions_on(letter: Letter) -> list[str]:
    entries = Entry.objects.filter(subject_type="letters.letter", subject_id=str(letter.pk))
    return [entry.document["action"] for entry in entries.order_by("id")]


def events_of(card: Any) -> list[str]:
    return [event.event for event in card.events.order_by("id")]


def test_a_printed_letter_whose_card_ends_is_not_posted(service: Service) -> None:
    card = service.made_card()
    letter = Letter.objects.get(card=card)
    service.faults.write_text(json.dumps({"post": {"mode": "down"}}))
    with pytest.raises(DomainError):
        post_letter(letter.pk, now=service.now, today=letter.due_on)
    letter.refresh_from_db()
    assert letter.state == "printed"
    lose(service, card)
    service.faults.unlink()
    post_letter(letter.pk, now=service.now, today=letter.due_on)
    letter.refresh_from_db()
    assert letter.state == "cancelled"
    assert code_letters(service, card) == []
    assert actions_on(letter) == ["code.derived", "letter.cancelled"]


def test_a_card_that_ends_while_its_letter_is_written_keeps_it_here(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = service.made_card()
    letter = Letter.objects.get(card=card)
    write = posting._mailing

    def lost_meanwhile(*args: Any, **kwargs: Any) -> Any:
        lose(service, card)
        return write(*args, **kwargs)

    monkeypatch.setattr(posting, "_mailing", lost_meanwhile)
    post_letter(letter.pk, now=service.now, today=letter.due_on)
    assert code_letters(service, card) == []
    letter.refresh_from_db()
    assert letter.state == "cancelled"


def test_a_letter_in_the_post_s_hands_is_stopped_and_the_office_sees_it(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = service.made_card()
    letter = Letter.objects.get(card=card)
    send = service.post.send

    def lost_meanwhile(mailing: Any) -> Any:
        receipt = send(mailing)
        lose(service, card)
        return receipt

    monkeypatch.setattr(service.post, "send", lost_meanwhile)
    post_letter(letter.pk, now=service.now, today=letter.due_on)
    assert code_letters(service, card) == []
    assert actions_on(letter) == ["code.derived", "letter.cancelled", "letter.stopped"]
    assert events_of(card)[-1] == "code_letter_stopped"
    post_letter(letter.pk, now=service.now, today=letter.due_on)
    assert actions_on(letter)[-2:] == ["letter.cancelled", "letter.stopped"]


def test_a_letter_that_left_before_it_could_be_stopped_is_recorded(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = service.made_card()
    letter = Letter.objects.get(card=card)
    send = service.post.send

    def gone_and_lost(mailing: Any) -> Any:
        receipt = send(mailing)
        service.post.return_to_sender(mailing.key, service.today)
        lose(service, card)
        return receipt

    monkeypatch.setattr(service.post, "send", gone_and_lost)
    post_letter(letter.pk, now=service.now, today=letter.due_on)
    assert actions_on(letter)[-1] == "letter.left_too_late"
    assert events_of(card)[-1] == "code_letter_left"


def test_a_worker_killed_after_the_post_took_the_letter_calls_it_back(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = service.made_card()
    letter = Letter.objects.get(card=card)
    kill_once_the_post_has_it(service, letter, monkeypatch)
    assert len(code_letters(service, card)) == 1
    lose(service, card)
    post_letter(letter.pk, now=service.now, today=letter.due_on)
    assert code_letters(service, card) == []
    assert actions_on(letter)[-1] == "letter.stopped"


def test_the_letter_of_a_card_that_has_ended_is_not_sent_again(service: Service) -> None:
    card = service.made_card()
    letter = Letter.objects.get(card=card)
    post_letter(letter.pk, now=service.now, today=letter.due_on)
    lose(service, card)
    with pytest.raises(DomainError, match="reported lost") as refusal:
        send_again(service.officer(), letter.pk, Destination.HOME, now=service.now, today=service.today)
    assert refusal.value.kind is Kind.CONFLICT
    letter.refresh_from_db()
    assert letter.state == "posted"


def test_a_letter_put_down_for_a_card_that_has_ended_is_cancelled_by_its_job(service: Service) -> None:
    card = service.made_card()
    letter = Letter.objects.get(card=card)
    type(card).objects.filter(pk=card.pk).update(state="lost")
    post_letter(letter.pk, now=service.now, today=letter.due_on)
    letter.refresh_from_db()
    assert letter.state == "cancelled"
    assert code_letters(service, card) == []


def derived(letter: Letter) -> int:
    return actions_on(letter).count("code.derived")


def try_to_post(service: Service, letter: Letter) -> None:
    with suppress(DomainError):
        post_letter(letter.pk, now=service.now, today=letter.due_on)


def test_while_the_post_is_silent_the_code_is_derived_once(service: Service) -> None:
    letter = Letter.objects.get(card=service.made_card())
    service.faults.write_text(json.dumps({"post": {"mode": "down"}}))
    for _ in range(5):
        try_to_post(service, letter)
    assert derived(letter) == 1
    (line,) = troubled_letters("").lines
    assert (line.letter_id, line.held) == (letter.pk, False)
    assert "post does not answer" in str(line.reason)
    assert due_letters(letter.due_on) == [letter.pk], "the clock's next turn tries again"
    service.faults.unlink()
    try_to_post(service, letter)
    assert Letter.objects.get(pk=letter.pk).state == "posted"
    assert troubled_letters("").lines == ()


def test_a_letter_whose_address_is_refused_is_held_after_three_tries(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = service.made_card()
    letter = Letter.objects.get(card=card)
    with monkeypatch.context() as patch:
        patch.setattr(type(service.post), "send", refused)
        for _ in range(5):
            try_to_post(service, letter)
    assert derived(letter) == 3
    (line,) = troubled_letters("").lines
    assert (line.attempts, line.held) == (3, True)
    assert "can't use this address" in str(line.reason)
    assert due_letters(letter.due_on) == []
    send_again(service.officer(), letter.pk, Destination.POINT, now=service.now, today=letter.due_on)
    try_to_post(service, letter)
    assert Letter.objects.get(pk=letter.pk).state == "posted"
    assert len(code_letters(service, card)) == 1


def refused(*args: Any) -> Any:
    raise invalid("The post can't use this address.")


def test_a_letter_on_its_way_to_the_post_is_not_sent_again_by_hand(service: Service) -> None:
    letter = Letter.objects.get(card=service.made_card())
    service.faults.write_text(json.dumps({"post": {"mode": "down"}}))
    try_to_post(service, letter)
    with pytest.raises(DomainError, match="is being posted"):
        send_again(service.officer(), letter.pk, Destination.POINT, now=service.now, today=letter.due_on)


def test_a_worker_killed_after_the_post_took_the_letter_does_not_post_it_twice(
    service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    card = service.made_card()
    letter = Letter.objects.get(card=card)
    kill_once_the_post_has_it(service, letter, monkeypatch)
    post_letter(letter.pk, now=service.now, today=letter.due_on)
    assert Letter.objects.get(pk=letter.pk).state == "posted"
    assert len(code_letters(service, card)) == 1


def kill_once_the_post_has_it(service: Service, letter: Letter, monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker ends between the post's yes and our note of it."""

    class Killed(BaseException):
        pass

    def kill(*args: Any, **kwargs: Any) -> Any:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(posting, "_note_posted", kill)
        with pytest.raises(Killed):
            post_letter(letter.pk, now=service.now, today=letter.due_on)
