# SPDX-License-Identifier: EUPL-1.2
"""What anybody may see: the front page, the status services, and the sandbox of a test service."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from datetime import date, timedelta
from typing import Any
from unittest.mock import patch

import pytest
from cryptography.hazmat.primitives import hashes
from django.db import connection
from django.test import Client
from lxml import html
from tests.integration.web_holder.conftest import HOST, form_of, text_of
from tests.support.browser import DESKTOP, PHONE, OpenPage, keep, violations, wider_than_screen
from tests.support.service import Service
from tests.support.web import serve

from varmentaja.apps.sandbox.actions.move_on import FARTHEST
from varmentaja.apps.sandbox.clock import business_today
from varmentaja.apps.sandbox.models import BusinessClock
from varmentaja.ports.connected import connect
from varmentaja.ports.post import Enclosure, Mailing
from varmentaja.web.wsgi import application

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright keeps an event loop in this very thread

pytestmark = pytest.mark.django_db
LANGUAGES = ("fi", "sv", "en")


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


def play(settings: Any) -> None:
    """Have a demo's people: two of the staff and somebody else."""
    stories = dict.fromkeys(LANGUAGES, "…")
    people = [
        {"role": role, "name": role, "story": stories, "identity_code": "170488-902X"}
        for role in ("registrar", "officer", "dead")
    ]
    settings.DEMO.write_text(json.dumps({"people": people}))


def test_the_front_page_of_a_demo_leads_through_the_first_ten_minutes(visit: Any, settings: Any) -> None:
    """By links, in the order of the story; and from each of the staff to the desk."""
    play(settings)
    for language in LANGUAGES:
        page = html.fromstring(visit(f"/{language}/").content)
        desk, office = f"/{language}/registration/", f"/{language}/office/"
        clinic = f"{settings.CLINIC_URL}/{language}/"
        others = [f"/{language}/{name}/" for name in ("sandbox", "my-card")]
        steps = [settings.READER_URL, desk, office, *others, clinic, f"/{language}/status/"]
        assert page.xpath("//ol[not(@class)]/li/a/@href") == steps
        assert page.xpath("//li[h3][contains(., '170488-902X')]//a/@href") == [desk, office]


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_front_page_of_a_demo_is_fit_for_everybody(
    visit: Any, settings: Any, open_page: OpenPage
) -> None:
    play(settings)
    with patch.dict(connection.settings_dict, CONN_MAX_AGE=0), serve(application) as address:
        page = open_page(f"{address}/fi/", size=PHONE)
        for width, height in (PHONE, DESKTOP):
            page.set_viewport_size({"width": width, "height": height})
            keep(page, f"front-demo-fi-{width}")
            assert violations(page) == []
            assert wider_than_screen(page) == []


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


def test_business_time_goes_twenty_years_ahead_and_no_day_further(visit: Any, client: Client) -> None:
    BusinessClock.objects.update_or_create(pk=1, defaults={"days_ahead": FARTHEST - 1})
    told = set()
    for language in ("en", "fi", "sv"):
        refused = client.post(f"/{language}/sandbox/move-on/", {"days": "2"}, headers={"host": HOST})
        assert refused.status_code == 400
        assert f"{FARTHEST - 1}" in text_of(refused) and f"{FARTHEST}" in text_of(refused)
        told.add(text_of(refused))
    assert len(told) == 3
    assert client.post("/en/sandbox/move-on/", {"days": "1"}, headers={"host": HOST}).status_code == 302
    assert BusinessClock.objects.get().days_ahead == FARTHEST
