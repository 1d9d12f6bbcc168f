# SPDX-License-Identifier: EUPL-1.2
"""A card on a blank of the old chip generation: made, activated, signing in to its last day and no longer."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client
from tests.integration.web_holder.conftest import Holder, card_in_hand, text_of
from tests.support.cards import OLD_GENERATION
from tests.support.service import Service

from varmentaja.adapters.sandbox.cast import load_cast
from varmentaja.apps.applications.actions.order_staff_card import (
    COMMAND_LINE,
    StaffMember,
    order_staff_card,
)
from varmentaja.apps.cards.actions.produce_card import produce_card
from varmentaja.apps.cards.models import Card
from varmentaja.card.generations import generation_of
from varmentaja.domain.actors import Role
from varmentaja.domain.products import ProductId, product
from varmentaja.pki.foreign import load_foreign
from varmentaja.reader.cards import InsertedCard
from varmentaja.reader.right_to_use import why_not
from varmentaja.reader.service_link import ServiceLink
from varmentaja.responder.watch import Watch

pytestmark = pytest.mark.django_db


@pytest.fixture
def holder(portal_of_service: Service, watch: Watch, client: Client) -> Iterator[Holder]:
    """An officer whose card was ordered when such blanks were in use: tomorrow is its last day."""
    service = portal_of_service
    service.registrar()
    soon = service.today + timedelta(days=2)
    soon += timedelta(days=int((soon.month, soon.day) == (2, 29)))
    then = soon.replace(year=soon.year - product(ProductId.PERSONNEL).years)
    code = load_cast().member("officer").identity_code
    member = StaffMember(code, Role.OFFICER, "Esimerkki", "officer", "mallila", chip=OLD_GENERATION)
    order = order_staff_card(COMMAND_LINE, member, now=service.now, today=then)
    produce_card(order.pk, now=service.now, today=service.today)
    card = Card.objects.get(pk=order.card_id)
    with card_in_hand(service, card) as driver:
        made = Holder(service, client, driver, card, watch)
        made.publish()
        yield made


def sign_in(holder: Holder, monkeypatch: pytest.MonkeyPatch, now: datetime) -> Any:
    """At that moment, from the page to the answer."""
    holder.client.cookies.clear()
    with monkeypatch.context() as patch:
        patch.setattr("varmentaja.web.access.views.timezone.now", lambda: now)
        fields = holder.fields()
        answer = holder.answer(fields["content"], signatureAlgorithm="SHA256withRSA")
        return holder.post("/en/sign-in/", {**fields, "answer": answer})


def test_an_old_chip_works_to_the_last_day_of_its_card(
    holder: Holder, monkeypatch: pytest.MonkeyPatch
) -> None:
    contents = holder.driver.read()
    assert generation_of(contents) == OLD_GENERATION
    certificate = load_foreign(contents.certificates.authentication or b"")
    assert isinstance(certificate.public_key(), rsa.RSAPublicKey)
    end = certificate.not_valid_after_utc
    assert timedelta(days=1) < end - holder.service.now < timedelta(days=4)
    program = InsertedCard("1", holder.driver)
    link = ServiceLink(hierarchy=holder.service.demo.hierarchy)

    last, after = end - timedelta(minutes=1), end + timedelta(seconds=1)
    assert sign_in(holder, monkeypatch, holder.service.now).status_code == 302
    assert sign_in(holder, monkeypatch, last).status_code == 302
    assert why_not(program, link, now=last) is None
    refused = sign_in(holder, monkeypatch, after)
    assert refused.status_code == 403
    assert "not valid today" in text_of(refused)
    assert "no longer valid" in str(why_not(program, link, now=after))
