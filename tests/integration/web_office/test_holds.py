# SPDX-License-Identifier: EUPL-1.2
"""Two officers at two keyboards release a held publication."""

from __future__ import annotations

import pytest
from django.test import Client
from tests.integration.web_office.conftest import certificate_for, signed_in
from tests.support.service import Service

from varmentaja.apps.status.holds import hold_back
from varmentaja.apps.status.models import Canary, Hold
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
    assert "Write the reasons" in office.post(address, {"reason": "", "seen": "70"}).content.decode()
    office.post(address, {"reason": "A box of cards was stolen", "seen": "70"})
    page = office.post(address, {"step": "agree", "seen": "70"}).content.decode()
    assert "nobody releases a publication alone" in page
    hold.refresh_from_db()
    assert hold.state == HoldState.ASKED
    second = signed_in(service, "second_registrar", "officer")
    assert "A box of cards was stolen" in second.get(address).content.decode()
    second.post(address, {"step": "agree", "seen": "70"})
    hold.refresh_from_db()
    assert hold.state == HoldState.RELEASED


def test_a_bulk_revocation_is_announced(office: Client) -> None:
    assert "Write how many" in office.post("/en/office/holds/", {"reason": "Stolen"}).content.decode()
    office.post("/en/office/holds/", {"count": "120", "reason": "Stolen"})
    row = Hold.objects.get()
    assert (row.count, row.state) == (120, HoldState.ASKED)


def test_a_hold_shows_which_certificates_it_is_about(service: Service, office: Client) -> None:
    row = certificate_for(service.person("physician"), service)
    names = ((row.authority, int(row.serial, 16)), (row.authority, 4711))
    hold_back([Finding(Gate.JUMP, "", 70, message("%(count)d at once.", count=70), names)], now=service.now)
    page = office.get(f"/en/office/holds/{Hold.objects.get().pk}/").content.decode()
    assert f'<a href="/en/office/people/{row.person_id}/">{row.serial}</a>' in page
    assert "In force" in page and "1267" in page and "Not known" in page
    assert service.person("physician").family_name not in page, (
        "whose file is read is recorded; this is no file"
    )


def test_a_stale_page_does_not_agree_by_mistake(service: Service, office: Client, hold: Hold) -> None:
    """Two officers write their reasons at the same time: the second has not seen the first one's."""
    address = f"/en/office/holds/{hold.pk}/"
    office.post(address, {"reason": "A box of cards was stolen", "seen": "70"})
    second = signed_in(service, "second_registrar", "officer")
    page = second.post(address, {"reason": "I believe it is right", "seen": "70"})
    hold.refresh_from_db()
    assert hold.state == HoldState.ASKED
    assert "There is a problem" in page.content.decode()


def test_a_hold_that_has_grown_is_looked_at_again(service: Service, office: Client, hold: Hold) -> None:
    address = f"/fi/office/holds/{hold.pk}/"
    assert 'name="seen" value="70"' in office.get(address).content.decode()
    hold_back([Finding(Gate.JUMP, "", 75, message("%(count)d at once.", count=75))], now=service.now)
    page = office.post(address, {"reason": "A box of cards was stolen", "seen": "70"}).content.decode()
    assert "kasvanut sivun avaamisen jälkeen lukuun 75" in page
    assert "A box of cards was stolen" in page and 'name="seen" value="75"' in page
    office.post(address, {"reason": "A box of cards was stolen", "seen": "75"})
    hold.refresh_from_db()
    assert hold.state == HoldState.ASKED


def test_the_second_officer_agrees_to_what_the_page_showed(
    service: Service, office: Client, hold: Hold
) -> None:
    address = f"/en/office/holds/{hold.pk}/"
    office.post(address, {"reason": "A box of cards was stolen", "seen": "70"})
    second = signed_in(service, "second_registrar", "officer")
    assert 'name="seen" value="70"' in second.get(address).content.decode()
    assert "grown to 70" in second.post(address, {"step": "agree", "seen": "69"}).content.decode()
    for seen in ({}, {"seen": "x"}, {"seen": "-1"}):
        page = second.post(address, {"step": "agree", **seen}).content.decode()
        assert "The page was out of date" in page and 'name="seen" value="70"' in page
    hold.refresh_from_db()
    assert hold.state == HoldState.ASKED


def test_a_hold_shows_the_first_twenty_of_all(service: Service, office: Client) -> None:
    names = tuple(("professionals-ecc", 0xA000 + number) for number in range(25))
    found = Finding(Gate.GOING_BACK, "professionals-ecc", 25, message("%(count)d again.", count=25), names)
    hold_back([found], now=service.now)
    page = office.get(f"/en/office/holds/{Hold.objects.get().pk}/").content.decode()
    assert "25 in all" in page and "a013" in page and "a014" not in page


def test_a_certificate_is_named_and_two_officers_end_its_watch(service: Service, office: Client) -> None:
    row = certificate_for(service.person("physician"), service)
    address = "/en/office/holds/certificates/"
    assert "No certificate stands watch" in office.get(address).content.decode()
    assert "Write the serial number" in office.post(address, {"serial": ""}).content.decode()
    assert "no certificate with this serial" in office.post(address, {"serial": "4711"}).content.decode()
    office.post(address, {"serial": row.serial})
    canary = Canary.objects.get()
    assert "stands watch already" in office.post(address, {"serial": row.serial}).content.decode()
    assert row.serial in office.get(address).content.decode()
    page = f"{address}{canary.pk}/"
    assert "Write the reasons" in office.post(page, {"reason": ""}).content.decode()
    office.post(page, {"reason": "The card was lost"})
    assert "nobody ends a watch alone" in office.post(page, {"step": "agree"}).content.decode()
    office.post(page, {"step": "keep"})
    office.post(page, {"reason": "The card was lost"})
    second = signed_in(service, "second_registrar", "officer")
    assert "The card was lost" in second.get(page).content.decode()
    second.post(page, {"step": "agree"})
    assert not Canary.objects.exists()
    assert office.get(page).status_code == 404


def test_the_front_page_tells_of_it(office: Client, hold: Hold) -> None:
    assert "/en/office/holds/" in office.get("/en/office/").content.decode()
    assert office.get("/en/office/holds/9999/").status_code == 404
