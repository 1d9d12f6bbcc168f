# SPDX-License-Identifier: EUPL-1.2
"""What anybody may see: the front page, the status services, and the sandbox of a test service."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from django.test import Client
from lxml import html
from tests.integration.web_holder.conftest import HOST, form_of, text_of
from tests.support.service import Service

from varmentaja.apps.sandbox.clock import business_today
from varmentaja.ports.connected import connect
from varmentaja.ports.post import Enclosure, Mailing

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit(portal_of_service: Service, client: Client) -> Any:
    return lambda path: client.get(path, headers={"host": HOST})


def post_letter(service: Service) -> None:
    service.post.send(
        Mailing(
            key="0f0f",
            kind="code",
            holder="12345678N",
            address_lines=("Elina Mäntykangas", "99981 Mallila"),
            posted_on=date(2026, 11, 2),
            enclosures=(Enclosure("letter.pdf", b"%PDF-1.7"),),
        )
    )


def test_the_front_page_leads_to_the_tasks(visit: Any) -> None:
    page = visit("/en/")
    for href in ("/en/my-card/", "/en/status-services/", "/en/sandbox/", "/en/sign-in/"):
        assert f'href="{href}"' in page.content.decode()
    assert "play" not in text_of(page)


def test_the_front_page_presents_the_demos_people(visit: Any, settings: Any) -> None:
    person = {
        "name": "Elina Mäntykangas",
        "story": {"fi": "Lääkäri.", "sv": "Läkare.", "en": "A physician."},
        "identity_code": "170488-902X",
        "role": "physician",
    }
    settings.DEMO.write_text(json.dumps({"people": [person, {**person, "pin1": "2580", "pin2": "258036"}]}))
    text = text_of(visit("/en/"))
    assert "A physician." in text
    assert "PIN 1: 2580" in text


def test_the_front_page_of_a_demo_leads_through_the_first_ten_minutes(visit: Any, settings: Any) -> None:
    """By links, in the order of the story; and from each of the staff to the desk."""
    stories = dict.fromkeys(("fi", "sv", "en"), "…")
    cast = {role: {"role": role, "name": role, "story": stories} for role in ("registrar", "officer", "dead")}
    settings.DEMO.write_text(
        json.dumps({"people": [{**each, "identity_code": "170488-902X"} for each in cast.values()]})
    )
    for language in stories:
        page = html.fromstring(visit(f"/{language}/").content)
        desk, office = f"/{language}/registration/", f"/{language}/office/"
        clinic = f"{settings.CLINIC_URL}/{language}/"
        others = [f"/{language}/{name}/" for name in ("sandbox", "my-card")]
        steps = [settings.READER_URL, desk, office, *others, clinic, f"/{language}/status/"]
        assert page.xpath("//ol[not(@class)]/li/a/@href") == steps
        assert page.xpath("//li[h3][contains(., '170488-902X')]//a/@href") == [desk, office]


def test_relying_parties_find_every_authority(visit: Any, portal_of_service: Service) -> None:
    page = visit("/en/status-services/").content.decode()
    for authority in portal_of_service.demo.hierarchy.authorities.values():
        assert authority.issuer.certificate_url in page


def test_roots_are_shown_with_the_fingerprints_to_compare(visit: Any, portal_of_service: Service) -> None:
    text = text_of(visit("/en/status-services/"))
    for root in portal_of_service.demo.hierarchy.roots:
        assert root.fingerprint(hashes.SHA256()).hex().upper() in text


def test_letters_can_be_read_in_the_letter_box(visit: Any, portal_of_service: Service) -> None:
    assert "Nobody has got a letter" in text_of(visit("/en/sandbox/letters/"))
    post_letter(portal_of_service)
    assert "Elina Mäntykangas" in text_of(visit("/en/sandbox/letters/"))
    assert "Code letter" in text_of(visit("/en/sandbox/letters/12345678N/"))
    letter = visit("/en/sandbox/letters/12345678N/0f0f/letter.pdf")
    assert (letter.content, letter.headers["Content-Type"]) == (b"%PDF-1.7", "application/pdf")


@pytest.mark.parametrize(
    "path", ["*/", "12345678X/", "12345678N/0f0f/envelope.json", "12345678N/1/letter.pdf"]
)
def test_a_letter_box_gives_nothing_else(visit: Any, portal_of_service: Service, path: str) -> None:
    post_letter(portal_of_service)
    assert visit(f"/en/sandbox/letters/{path}").status_code == 404


def test_a_service_without_letter_boxes_has_no_such_page(visit: Any, portal_of_service: Service) -> None:
    connect(replace(portal_of_service.outside, mailbox=None))
    assert visit("/en/sandbox/letters/").status_code == 404
    assert visit("/en/sandbox/").status_code == 404


def test_business_time_is_moved_on(visit: Any, client: Client) -> None:
    before = business_today()
    fields = form_of(visit("/en/sandbox/move-on/"))
    done = client.post("/en/sandbox/move-on/", {**fields, "days": "5"}, headers={"host": HOST})
    assert done.status_code == 302
    assert business_today() == before + timedelta(days=5)
    assert "The date in this service is now" in text_of(visit("/en/sandbox/move-on/"))


@pytest.mark.parametrize("days", ["", "x", "0", "367", "-1"])
def test_business_time_moves_by_days_that_make_sense(visit: Any, client: Client, days: str) -> None:
    before = business_today()
    answer = client.post("/en/sandbox/move-on/", {"days": days}, headers={"host": HOST})
    assert answer.status_code == 400
    assert business_today() == before
