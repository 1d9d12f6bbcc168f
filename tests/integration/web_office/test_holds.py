# SPDX-License-Identifier: EUPL-1.2
"""Two officers at two keyboards release a held publication."""

from __future__ import annotations

import pytest
from django.test import Client
from tests.integration.web_office.conftest import signed_in
from tests.support.service import Service

from varmentaja.apps.status.holds import hold_back
from varmentaja.apps.status.models import Hold
from varmentaja.domain.errors import message
from varmentaja.domain.publication_gate import Finding, Gate, HoldState

pytestmark = pytest.mark.django_db


@pytest.fixture
def hold(service: Service) -> Hold:
    hold_back([Finding(Gate.JUMP, "", 70, message("%(count)d at once.", count=70))], now=service.now)
    return Hold.objects.get()


def test_one_asks_and_another_agrees(service: Service, office: Client, hold: Hold) -> None:
    assert "Too many revocations at once" in office.get("/en/office/holds/").content.decode()
    address = f"/en/office/holds/{hold.pk}/"
    assert "Write the reasons" in office.post(address, {"reason": ""}).content.decode()
    office.post(address, {"reason": "A box of cards was stolen"})
    page = office.post(address, {"reason": "I agree with myself"}).content.decode()
    assert "nobody releases a publication alone" in page
    hold.refresh_from_db()
    assert hold.state == HoldState.ASKED
    second = signed_in(service, "second_registrar", "officer")
    assert "A box of cards was stolen" in second.get(address).content.decode()
    second.post(address)
    hold.refresh_from_db()
    assert hold.state == HoldState.RELEASED


def test_a_bulk_revocation_is_announced(office: Client) -> None:
    assert "Write how many" in office.post("/en/office/holds/", {"reason": "Stolen"}).content.decode()
    office.post("/en/office/holds/", {"count": "120", "reason": "Stolen"})
    row = Hold.objects.get()
    assert (row.count, row.state) == (120, HoldState.ASKED)


def test_the_front_page_tells_of_it(office: Client, hold: Hold) -> None:
    assert "/en/office/holds/" in office.get("/en/office/").content.decode()
    assert office.get("/en/office/holds/9999/").status_code == 404
