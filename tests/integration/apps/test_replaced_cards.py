# SPDX-License-Identifier: EUPL-1.2
"""One professional card a person: the card that a new one replaces ends, and the holder was told so."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import transaction
from pypdf import PdfReader
from tests.support.registers import person_is_now
from tests.support.service import Service

from varmentaja.apps.applications.actions.choose_right import choose_right
from varmentaja.apps.audit.models import Entry
from varmentaja.apps.cards.actions.end_card import end_card
from varmentaja.apps.cards.actions.end_replaced import end_replaced
from varmentaja.apps.cards.actions.note_activation import note_activation
from varmentaja.apps.cards.models import Card
from varmentaja.apps.cards.records import locked_card
from varmentaja.apps.certificates.models import Certificate
from varmentaja.domain.cards import days_of_replaced_card
from varmentaja.domain.revocation import Ground

pytestmark = pytest.mark.django_db


def activate(service: Service, card: Any) -> None:
    with transaction.atomic():
        note_activation(locked_card(card.pk), now=service.now, today=service.today)


def code_letter_posted(card: Any, day: date) -> None:
    Card.objects.filter(pk=card.pk).update(letter_posted_on=day)


def state(card: Any) -> str:
    return Card.objects.get(pk=card.pk).state


def letter_with(service: Service, card: Any) -> str:
    """The text of the letter that the card came fixed to."""
    (mailing,) = [
        each
        for each in service.post.delivered(card.person.electronic_id)
        if each.kind == "card" and each.card_serial == card.chip_serial
    ]
    (letter,) = [file for file in mailing.files() if file.name == "letter.pdf"]
    text = " ".join(page.extract_text() for page in PdfReader(letter).pages)
    return " ".join(text.split())


@pytest.fixture
def renewed(service: Service) -> tuple[Any, Any]:
    """A card in use that has 80 days left, and the card that has been made in its place."""
    old = service.made_card()
    activate(service, old)
    Card.objects.filter(pk=old.pk).update(valid_until=service.today + timedelta(days=80))
    return old, service.made_card()


def test_the_first_use_of_a_renewed_card_ends_the_old_one(service: Service, renewed: Any) -> None:
    old, new = renewed
    assert state(old) == "activated", "there is a card to work with until the new one works"
    activate(service, new)
    assert (state(old), state(new)) == ("cancelled", "activated")
    revoked = Certificate.objects.filter(card=old)
    assert {row.revocation_reason for row in revoked} == {"superseded"}
    assert {row.state for row in Certificate.objects.filter(card=new)} == {"issued"}
    (entry,) = Entry.objects.filter(action="card.cancelled")
    assert entry.document["facts"] == {"ground": "replaced"}
    assert entry.document["actor"]["roles"] == ["system"]
    assert entry.subject_id == str(old.pk)


def test_a_card_under_an_old_name_ends_as_well(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    old = service.made_card()
    person_is_now(service, monkeypatch, family_name="Uusinimi")
    activate(service, service.made_card())
    assert state(old) == "cancelled"


def test_a_new_card_that_nobody_uses_ends_the_old_one_in_time(service: Service, renewed: Any) -> None:
    old, new = renewed
    last = service.today + timedelta(days=days_of_replaced_card())
    end_replaced(now=service.now, today=last + timedelta(days=365))
    assert state(old) == "activated", "not before the code letter has gone"
    code_letter_posted(new, service.today)
    end_replaced(now=service.now, today=last - timedelta(days=1))
    assert state(old) == "activated"
    end_replaced(now=service.now, today=last)
    assert (state(old), state(new)) == ("cancelled", "dispatched")
    end_replaced(now=service.now, today=last)
    assert Entry.objects.filter(action="card.cancelled").count() == 1


def test_a_new_card_that_was_lost_on_its_way_ends_nothing(service: Service, renewed: Any) -> None:
    old, new = renewed
    code_letter_posted(new, service.today)
    end_card(service.officer(), new.pk, Ground.LOST, now=service.now, today=service.today)
    end_replaced(now=service.now, today=service.today + timedelta(days=365))
    assert state(old) == "activated"


def test_an_old_card_that_is_activated_late_ends_nothing(service: Service, renewed: Any) -> None:
    old, new = renewed
    Card.objects.filter(pk=old.pk).update(state="dispatched")
    activate(service, old)
    assert (state(old), state(new)) == ("activated", "dispatched")


def test_a_physicians_and_a_dentists_card_stand_together(service: Service) -> None:
    cards = []
    for right in ("034", "002"):
        draft = service.application("physician_dentist")
        choose_right(service.registrar(), draft.pk, draft.version, right, today=service.today)
        draft.refresh_from_db()
        service.submit(draft)
        cards.append(service.produced(draft))
    for card in cards:
        activate(service, card)
        code_letter_posted(card, service.today)
    end_replaced(now=service.now, today=service.today + timedelta(days=365))
    assert [state(card) for card in cards] == ["activated", "activated"]


def test_the_letter_with_the_new_card_tells_of_the_end_of_the_old_one(service: Service, renewed: Any) -> None:
    old, new = renewed
    assert "korvaa aiemman korttisi" not in letter_with(service, old)
    told = letter_with(service, new)
    assert "korvaa aiemman korttisi" in told
    assert f"viimeistään {days_of_replaced_card()} päivän" in told
