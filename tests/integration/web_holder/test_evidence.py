# SPDX-License-Identifier: EUPL-1.2
"""What a holder does, and what is refused to one, stands in the evidence with what it is about."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from tests.integration.web_holder.conftest import Holder, form_of

from varmentaja.apps.audit.models import Entry
from varmentaja.card.driver import KeyRole
from varmentaja.relying_party import Outcome, Refused, RelyingParty

pytestmark = pytest.mark.django_db

NEW, SIGN = "/en/my-card/documents/new/", "/en/my-card/documents/sign/"


def entries(action: str) -> list[dict[str, Any]]:
    return [entry.document for entry in Entry.objects.filter(action=action).order_by("id")]


def test_the_first_sign_in_shows_that_the_card_is_activated_and_the_second_adds_nothing(
    holder: Holder,
) -> None:
    for _ in range(2):
        assert holder.sign_in().status_code == 302
        holder.client.cookies.clear()
    (activated,) = entries("card.activated")
    assert activated["subject"] == {"type": "cards.card", "id": str(holder.card.pk)}
    assert len(entries("session.signed_in")) == 2


def test_reading_the_picture_of_the_card_leaves_a_trace(holder: Holder) -> None:
    holder.sign_in()
    assert holder.get(f"/en/my-card/{holder.card.pk}/face.png").status_code == 200
    (read,) = [each for each in entries("card.read") if each["facts"] == {"part": "face"}]
    assert read["subject"]["id"] == str(holder.card.pk)
    assert read["actor"]["person"] == holder.card.person_id


def test_a_signature_that_does_not_match_the_document_leaves_a_trace(holder: Holder) -> None:
    holder.sign_in()
    fields = form_of(holder.post(NEW, {"title": "Statement", "text": "I agree."}))
    other = holder.answer(base64.b64encode(b"something else").decode(), KeyRole.SIGNATURE)
    holder.post(SIGN, {**fields, "answer": other})
    assert_refused(holder, "bad_signature", "invalid")


def test_an_unknown_status_at_signing_leaves_a_trace(holder: Holder, monkeypatch: pytest.MonkeyPatch) -> None:
    holder.sign_in()
    fields = form_of(holder.post(NEW, {"title": "Statement", "text": "I agree."}))

    def unknown(*args: object, **kwargs: object) -> None:
        raise Refused(Outcome.STATUS_UNKNOWN)

    monkeypatch.setattr(RelyingParty, "check_document", unknown)
    holder.post(SIGN, {**fields, "answer": holder.answer(fields["content"], KeyRole.SIGNATURE)})
    assert_refused(holder, "status_unknown", "unavailable")


def assert_refused(holder: Holder, check: str, kind: str) -> None:
    (refused,) = entries("document.signed")
    assert refused["outcome"] == "refused"
    assert (refused["facts"]["check"], refused["facts"]["kind"]) == (check, kind)
    assert refused["subject"] == {"type": "people.person", "id": str(holder.card.person_id)}
    assert refused["actor"]["person"] == holder.card.person_id
