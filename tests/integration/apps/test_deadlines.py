# SPDX-License-Identifier: EUPL-1.2
"""What ends by itself: drafts by business time, certificates and their cards by real time, old codes."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from typing import Any

import pytest
from tests.support.service import Service

from varmentaja.apps.access.actions.forget_expired import forget_expired
from varmentaja.apps.access.models import HandOver, UsedChallenge
from varmentaja.apps.applications.actions.accept_terms import accept_terms
from varmentaja.apps.applications.actions.lapse_drafts import lapse_drafts
from varmentaja.apps.applications.models import Application
from varmentaja.apps.audit.models import Entry
from varmentaja.apps.cards.actions.end_card import end_card
from varmentaja.apps.cards.actions.expire_cards import expire_cards
from varmentaja.apps.cards.models import Card
from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.letters.models import Letter
from varmentaja.apps.sandbox.actions.move_on import move_on
from varmentaja.documents.terms import current_terms
from varmentaja.domain.applications import draft_days
from varmentaja.domain.errors import DomainError
from varmentaja.domain.revocation import Ground

pytestmark = pytest.mark.django_db
AGES = timedelta(days=6 * 365)


def entries(action: str) -> list[dict[str, Any]]:
    return [entry.document for entry in Entry.objects.filter(action=action).order_by("id")]


def test_an_untouched_draft_lapses_after_its_time_and_not_before(service: Service) -> None:
    draft = service.application()
    last = service.today + timedelta(days=draft_days())
    assert lapse_drafts(today=last) == 0
    draft.refresh_from_db()
    assert draft.state == "draft"
    assert lapse_drafts(today=last + timedelta(days=1)) == 1
    lapsed = Application.objects.get(pk=draft.pk)
    assert lapsed.state == "lapsed"
    assert (lapsed.identity_document, lapsed.photo, lapsed.delivery) == (None, None, None)
    (entry,) = entries("application.lapsed")
    assert entry["subject"]["id"] == str(draft.pk)
    assert entry["actor"]["roles"] == ["system"]
    assert lapse_drafts(today=last + timedelta(days=1)) == 0
    with pytest.raises(DomainError, match="not submitted in time"):
        service.submit(lapsed)


def test_a_draft_that_was_touched_meanwhile_and_a_submitted_one_stay(service: Service) -> None:
    touched, late = service.application(), service.today + timedelta(days=draft_days() + 1)
    accept_terms(
        service.registrar(), touched.pk, touched.version, current_terms().version, today=late - timedelta(1)
    )
    submitted = service.application("non_disclosure")
    service.submit(submitted)
    assert lapse_drafts(today=late) == 0
    touched.refresh_from_db()
    submitted.refresh_from_db()
    assert (touched.state, submitted.state) == ("draft", "ordered")


def test_moving_business_time_on_asks_for_drafts_at_once(service: Service) -> None:
    from procrastinate.contrib.django.models import ProcrastinateJob

    move_on(service.officer(), draft_days() + 1)
    names = ProcrastinateJob.objects.values_list("task_name", flat=True)
    assert any(name.endswith("applications.tasks.lapse_drafts") for name in names)


def test_a_card_expires_with_its_certificates(service: Service) -> None:
    card = service.made_card()
    ends = [row.not_after for row in card.certificates.all()]
    assert expire_cards(now=max(ends), today=card.valid_until) == 0
    after = max(ends) + timedelta(seconds=1)
    assert expire_cards(now=after, today=card.valid_until + timedelta(days=1)) == 2
    card.refresh_from_db()
    assert (card.state, card.ended_on) == ("expired", card.valid_until + timedelta(days=1))
    assert {row.state for row in card.certificates.all()} == {"expired"}
    assert {row.revoked_at for row in card.certificates.all()} == {None}
    assert Letter.objects.get(card=card).state == "cancelled"
    assert card.events.filter(event="expire").count() == 1
    assert [entry["subject"]["id"] for entry in entries("card.expired")] == [str(card.pk)]
    assert len(entries("certificate.expired")) == 2
    assert expire_cards(now=after, today=card.valid_until + timedelta(days=1)) == 0


def test_business_time_alone_expires_no_card(service: Service) -> None:
    card = service.made_card()
    assert expire_cards(now=service.now, today=service.today + AGES) == 0
    card.refresh_from_db()
    assert card.state == "dispatched"


def test_a_card_stays_while_one_of_its_certificates_is_in_force(service: Service) -> None:
    card = service.made_card()
    first = Certificate.objects.filter(card=card).order_by("id")[0]
    Certificate.objects.filter(pk=first.pk).update(not_after=service.now - timedelta(seconds=1))
    assert expire_cards(now=service.now, today=card.valid_until + timedelta(days=1)) == 1
    card.refresh_from_db()
    assert card.state == "dispatched"
    assert sorted(row.state for row in card.certificates.all()) == ["expired", "issued"]


def test_what_was_lost_stays_lost_and_what_was_revoked_stays_revoked(service: Service) -> None:
    card = service.made_card()
    end_card(service.officer(), card.pk, Ground.LOST, now=service.now, today=service.today)
    assert expire_cards(now=service.now + AGES, today=service.today + AGES) == 0
    assert Card.objects.get(pk=card.pk).state == "lost"
    assert {row.state for row in card.certificates.all()} == {"revoked"}


def test_what_sign_in_no_longer_needs_is_forgotten_and_the_rest_kept(service: Service, settings: Any) -> None:
    soon, past = service.now + timedelta(minutes=1), service.now - timedelta(seconds=1)
    for name, at in (("old", past), ("new", soon)):
        UsedChallenge.objects.create(nonce=name, expires_at=at)
        HandOver.objects.create(code_hash=name, expires_at=at)
    store = import_module(settings.SESSION_ENGINE).SessionStore
    kept, ended = store(), store()
    kept.create()
    ended.set_expiry(-1)
    ended.create()
    forget_expired(now=service.now)
    assert [row.nonce for row in UsedChallenge.objects.all()] == ["new"]
    assert [row.code_hash for row in HandOver.objects.all()] == ["new"]
    assert kept.exists(kept.session_key) and not ended.exists(ended.session_key)


def test_the_clock_asks_for_each_of_these(service: Service) -> None:
    from procrastinate.contrib.django import app

    periodic = {task.task.name.rpartition(".")[2] for task in app.periodic_registry.periodic_tasks.values()}
    assert {"lapse_drafts_regularly", "expire_cards", "end_replaced_cards", "forget_expired"} <= periodic
