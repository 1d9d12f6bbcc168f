# SPDX-License-Identifier: EUPL-1.2
"""Sign-in with a card through the portal's form: who gets in, and what each check says to the others."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from tests.integration.web_holder.conftest import HOST, Holder, card_in_hand, form_of, text_of
from tests.support.reader_fakes import MemoryCard, TinyHierarchy
from tests.support.service import Service

from varmentaja.apps.access import party
from varmentaja.apps.audit.models import Entry
from varmentaja.apps.cards.actions.end_card import end_card
from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.sandbox.actions.move_on import move_on
from varmentaja.apps.sandbox.clock import business_today
from varmentaja.card.driver import HashAlgorithm, KeyRole, PinRole
from varmentaja.domain.actors import SYSTEM
from varmentaja.domain.cards import CardState
from varmentaja.domain.revocation import Ground
from varmentaja.responder.watch import Watch

pytestmark = pytest.mark.django_db


def audit() -> list[dict[str, Any]]:
    return [json.loads(content) for content in Entry.objects.order_by("pk").values_list("content", flat=True)]


def test_a_card_opens_the_door_and_shows_that_it_is_in_use(holder: Holder) -> None:
    answer = holder.sign_in()
    assert (answer.status_code, answer.headers["Location"]) == (302, "/en/my-card/")
    assert "In use" in text_of(holder.get("/en/my-card/"))
    holder.card.refresh_from_db()
    assert holder.card.state == CardState.ACTIVATED
    assert {"session.signed_in", "card.read"} <= {entry["action"] for entry in audit()}


def test_sign_in_leads_to_the_page_that_asked_for_it(holder: Holder) -> None:
    guarded = holder.get("/en/my-card/documents/")
    assert guarded.headers["Location"] == "/en/sign-in/?next=%2Fen%2Fmy-card%2Fdocuments%2F"
    assert holder.sign_in("/en/my-card/documents/").headers["Location"] == "/en/my-card/documents/"


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_sign_in_never_leads_to_another_site(holder: Holder, elsewhere: str) -> None:
    assert holder.sign_in(elsewhere).headers["Location"] == "/en/my-card/"


def test_whoever_has_signed_in_is_sent_on(holder: Holder) -> None:
    holder.sign_in()
    assert holder.get("/en/sign-in/").headers["Location"] == "/en/my-card/"


def test_the_page_may_speak_with_the_program_and_with_nobody_else(holder: Holder) -> None:
    policy = holder.get("/en/sign-in/").headers["Content-Security-Policy"]
    addresses = (f"https://127.0.0.1:{port + 1} http://127.0.0.1:{port}" for port in (53951, 23123, 8088))
    assert f"connect-src 'self' {' '.join(addresses)}" in policy
    assert "127.0.0.1:" not in holder.get("/en/").headers["Content-Security-Policy"]


def test_the_challenge_names_the_address_that_the_browser_has(holder: Holder) -> None:
    assert base64.b64decode(holder.fields()["content"]).startswith(b"http://localhost:8000;")


def test_a_challenge_works_once(holder: Holder) -> None:
    fields = holder.fields()
    form = {**fields, "answer": holder.answer(fields["content"])}
    session = holder.client.session["browser"]
    assert holder.post("/en/sign-in/", form).status_code == 302
    holder.client.cookies.clear()
    later = holder.client.session
    later["browser"] = session
    later.save()
    again = holder.post("/en/sign-in/", form)
    assert again.status_code == 409
    assert "already used" in text_of(again)


def test_a_challenge_of_another_browser_is_refused(holder: Holder) -> None:
    fields = holder.fields()
    form = {**fields, "answer": holder.answer(fields["content"])}
    stranger = Client()
    stranger.get("/en/sign-in/", headers={"host": HOST})
    refused = stranger.post("/en/sign-in/", form, headers={"host": HOST})
    assert refused.status_code == 400
    assert stranger.get("/en/my-card/", headers={"host": HOST}).status_code == 302


def test_a_challenge_for_another_address_is_refused(holder: Holder) -> None:
    fields = holder.fields()
    content = base64.b64encode(
        base64.b64decode(fields["content"]).replace(b"localhost:8000", b"evil.example:1")
    )
    form = {**fields, "content": content.decode(), "answer": holder.answer(content.decode())}
    refused = holder.post("/en/sign-in/", form)
    assert refused.status_code == 403
    assert "another website" in text_of(refused)


def test_an_old_challenge_is_refused_and_a_fresh_one_offered(holder: Holder, monkeypatch: Any) -> None:
    early = timezone.now() - timedelta(minutes=6)
    with monkeypatch.context() as patch:
        patch.setattr("varmentaja.web.access.views.timezone.now", lambda: early)
        fields = holder.fields()
    refused = holder.post("/en/sign-in/", {**fields, "answer": holder.answer(fields["content"])})
    assert refused.status_code == 409
    fresh = form_of(refused)
    assert fresh["content"] != fields["content"]
    assert (
        holder.post("/en/sign-in/", {**fresh, "answer": holder.answer(fresh["content"])}).status_code == 302
    )


@pytest.mark.parametrize(
    ("said", "status", "words"),
    [
        ({"status": "failed", "problem": "no_card"}, 404, "no card in the reader"),
        ({"status": "failed", "reasonCode": 401}, 403, "PIN was wrong, locked or not given"),
        ({"status": "failed", "problem": "wrong_origin"}, 403, "another website"),
        ({"status": "failed", "reasonCode": 500}, 400, "could not read"),
        (["no", "object"], 400, "could not read"),
    ],
)
def test_what_the_program_could_not_do_is_told(holder: Holder, said: Any, status: int, words: str) -> None:
    refused = holder.post("/en/sign-in/", {**holder.fields(), "answer": json.dumps(said)})
    assert refused.status_code == status
    assert words in text_of(refused)


@pytest.mark.parametrize(
    "change", [{"answer": "not json"}, {"answer": ""}, {"content": "?"}, {"content": ""}]
)
def test_a_form_of_nonsense_is_refused(holder: Holder, change: dict[str, str]) -> None:
    assert holder.post("/en/sign-in/", {**holder.fields(), "answer": "{}", **change}).status_code == 400


def test_a_signature_over_something_else_is_refused(holder: Holder) -> None:
    fields = holder.fields()
    other = base64.b64encode(b"something else").decode()
    refused = holder.post("/en/sign-in/", {**fields, "answer": holder.answer(other)})
    assert refused.status_code == 400
    assert "does not match" in text_of(refused)


def test_the_signature_key_does_not_sign_in(holder: Holder) -> None:
    fields = holder.fields()
    answer = holder.answer(fields["content"], KeyRole.SIGNATURE)
    refused = holder.post("/en/sign-in/", {**fields, "answer": answer})
    assert refused.status_code == 403
    assert "not meant for this use" in text_of(refused)


def test_a_revoked_card_stays_outside(holder: Holder) -> None:
    end_card(SYSTEM, holder.card.pk, Ground.REPLACED, now=timezone.now(), today=holder.service.today)
    for published in (False, True):
        if published:
            holder.publish()
        refused = holder.sign_in()
        assert refused.status_code == 403
        assert "has been revoked" in text_of(refused)


def test_an_expired_card_stays_outside(holder: Holder, monkeypatch: Any) -> None:
    late = timezone.now() + timedelta(days=6 * 366)
    monkeypatch.setattr("varmentaja.web.access.views.timezone.now", lambda: late)
    refused = holder.sign_in()
    assert refused.status_code == 403
    assert "has expired" in text_of(refused)
    assert "visit a registration point" in text_of(refused)


def test_a_card_of_another_issuer_stays_outside(holder: Holder) -> None:
    card = MemoryCard(TinyHierarchy())
    fields = holder.fields()
    content = base64.b64decode(fields["content"])
    value = card.sign(
        KeyRole.AUTHENTICATION, content, HashAlgorithm.SHA256, card.pins[PinRole.AUTHENTICATION]
    )
    chain = [card.certificates.authentication, card.certificates.issuer, card.certificates.root]
    changes: dict[str, Any] = {
        "signature": base64.b64encode(value).decode(),
        "chain": [base64.b64encode(der or b"").decode() for der in chain],
    }
    refused = holder.post("/en/sign-in/", {**fields, "answer": holder.answer(fields["content"], **changes)})
    assert refused.status_code == 403
    assert "an issuer that this service does not know" in text_of(refused)


def test_without_an_answer_about_the_status_nobody_gets_in(
    portal_of_service: Service, client: Client
) -> None:
    """No responder is there at all."""
    card = portal_of_service.made_card()
    with card_in_hand(portal_of_service, card) as driver:
        holder = Holder(portal_of_service, client, driver, card)
        refused = holder.sign_in()
    assert refused.status_code == 503
    assert "whether the certificate is still valid" in text_of(refused)


def test_revocation_ends_the_session_at_the_next_request(holder: Holder) -> None:
    holder.sign_in()
    end_card(SYSTEM, holder.card.pk, Ground.REPLACED, now=timezone.now(), today=holder.service.today)
    assert holder.get("/en/my-card/").headers["Location"].startswith("/en/sign-in/")
    assert "certificate is no longer valid" in text_of(holder.get("/en/sign-in/"))


def test_sign_out_ends_the_session_and_leaves_a_trace(holder: Holder) -> None:
    holder.sign_in()
    assert holder.get("/en/sign-out/").status_code == 405
    assert holder.post("/en/sign-out/", {}).headers["Location"] == "/en/signed-out/"
    assert "You have signed out" in text_of(holder.get("/en/signed-out/"))
    assert holder.get("/en/my-card/").status_code == 302
    assert "session.signed_out" in [entry["action"] for entry in audit()]


def test_a_refusal_is_recorded(holder: Holder) -> None:
    holder.post(
        "/en/sign-in/", {**holder.fields(), "answer": json.dumps({"status": "failed", "reasonCode": 403})}
    )
    assert ("session.signed_in", "refused") in [(entry["action"], entry["outcome"]) for entry in audit()]


def test_business_time_a_month_on_changes_nothing_for_card_and_door(
    portal_of_service: Service, watch: Watch, client: Client
) -> None:
    """Decision 1: issue, sign in, revoke, while letters and deadlines live 30 days ahead."""
    move_on(portal_of_service.officer(), 30)
    service = replace(portal_of_service, today=business_today())
    assert service.today == portal_of_service.today + timedelta(days=30)
    card = service.made_card()
    with card_in_hand(service, card) as driver:
        holder = Holder(service, client, driver, card, watch)
        holder.publish()
        assert holder.sign_in().headers["Location"] == "/en/my-card/"
        (shown,) = Certificate.objects.filter(card=card, purpose="authentication")
        assert abs(shown.not_before - timezone.now()) < timedelta(minutes=5), "dated in real time"
        card.refresh_from_db()
        assert (card.state, card.activated_on) == (CardState.ACTIVATED, service.today)
        holder.post(f"/en/my-card/{card.pk}/end/", {"ground": "lost"})
        holder.publish()
        fields = holder.fields()
        refused = holder.post("/en/sign-in/", {**fields, "answer": holder.answer(fields["content"])})
        assert refused.status_code == 403
        assert "revoked" in text_of(refused)


def test_a_card_whose_business_validity_is_over_opens_the_door_while_its_certificate_is_in_force(
    portal_of_service: Service, watch: Watch, client: Client
) -> None:
    card = portal_of_service.made_card()
    for _ in range(6):
        move_on(portal_of_service.officer(), 366)
    assert business_today() > card.valid_until
    with card_in_hand(portal_of_service, card) as driver:
        holder = Holder(portal_of_service, client, driver, card, watch)
        holder.publish()
        assert holder.sign_in().headers["Location"] == "/en/my-card/"
    card.refresh_from_db()
    assert card.state == CardState.ACTIVATED


def test_the_portal_knows_few_of_its_addresses_at_a_time(holder: Holder) -> None:
    for port in range(1, 40):
        assert (
            holder.client.get("/en/sign-in/", headers={"host": f"localhost:{8000 + port}"}).status_code == 200
        )
    assert party.relying_party.cache_info().currsize <= party.ADDRESSES
    assert party._client.cache_info().currsize == 1
