# SPDX-License-Identifier: EUPL-1.2
"""The public page tells in plain words how the status services are; the office sees the numbers."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from django.utils import timezone
from tests.integration.web_office.conftest import signed_in
from tests.integration.web_office.test_pages import cookie
from tests.support.browser import (
    LANGUAGES,
    OpenPage,
)
from tests.support.reports import DOWN, MINUTE, Reports
from tests.support.screens import faults
from tests.support.service import Service

from varmentaja.apps.observation.actions.note_outages import note_outages
from varmentaja.domain.availability import Trouble
from varmentaja.web.public.availability import lasted


@pytest.fixture
def reports(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Reports:
    """With a database that does not answer, as far as the public page can see."""

    def unanswered() -> None:
        raise OperationalError("the database does not answer")

    monkeypatch.setattr("varmentaja.web.session.business_today", unanswered)
    settings.OBSERVER = tmp_path
    reports = Reports(tmp_path)
    reports.now = timezone.now() - 10 * MINUTE
    return reports


def read(path: str = "/en/status/") -> str:
    answer = Client(headers={"host": "localhost"}).get(path)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_all_works_without_sign_in_and_without_the_database(reports: Reports) -> None:
    for _ in range(9):
        reports.report()
    text = read()
    assert "All status services work." in text
    assert "There have been no disturbances." in text
    absent = (
        "Status signed on the spot (OCSP with a nonce), Certificates of the authorities, Directory (LDAP)"
    )
    assert f"Not offered, or not observed: {absent}." in text
    assert "Right and in time in 100.00 % of the 9 rounds" in text
    assert "Without disturbance on 1 days, disturbed on 0, not observed on 89." in text or "on 2 days" in text


def test_a_disturbance_is_told_with_its_beginning(reports: Reports) -> None:
    reports.report()
    for _ in range(8):
        reports.report(Trouble.WRONG_STATUS)
    text = read()
    assert "There is a disturbance in the status services." in text
    assert "Tells a wrong status" in text and "Goes on" in text
    assert "Since " in text
    assert "Right and in time in 11.11 %" in text


@pytest.mark.parametrize(
    ("trouble", "words"),
    [(Trouble.SLOW, "Answers slowly"), (Trouble.OLD_PLAN, "May lack the newest changes")],
)
def test_what_hampers_is_told_as_what_it_is(reports: Reports, trouble: Trouble, words: str) -> None:
    for _ in range(9):
        reports.report(trouble)
    text = read()
    assert words in text
    assert "work, but not as well as they should" in text
    assert "Right and in time in 100.00 %" in text


def test_nobody_says_that_all_works_when_nobody_has_looked(reports: Reports) -> None:
    assert "It is not known" in read()
    reports.report()
    assert "It is not known" in read()
    (reports.folder / "report.json").write_text("{")
    assert "It is not known" in read()


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(0, "1 minute"), (20, "20 minutes"), (119, "119 minutes"), (121, "2 hours"), (72 * 60, "3 days")],
)
def test_lengths_are_told_in_words(minutes: int, words: str) -> None:
    from django.utils.translation import override

    with override("en"):
        assert lasted(timedelta(minutes=minutes)) == words


@pytest.mark.browser
def test_the_public_page_on_phone_and_desktop_in_three_languages(
    reports: Reports, portal: str, open_page: OpenPage
) -> None:
    reports.past(60)
    for _ in range(9):
        reports.report(Trouble.UNREACHABLE, tally=DOWN)
    page = open_page(f"{portal}/fi/status/")
    wrong: list[str] = []
    for language in LANGUAGES:
        page.goto(f"{portal}/{language}/status/")
        assert page.locator("svg.days rect.bad").count() == 2
        wrong += faults(page, "status", language)
    assert wrong == []


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_office_sees_numbers_and_disturbances(
    service: Service, reports: Reports, portal: str, open_page: OpenPage
) -> None:
    office = signed_in(service, "officer", "officer")
    reports.now -= 20 * MINUTE
    for number in range(29):
        reports.report(Trouble.UNREACHABLE, *([Trouble.SLOW] if number == 3 else []), tally=DOWN)
    note_outages(now=reports.now)
    front = office.get("/en/office/").content.decode()
    assert "/en/office/outages/" in front
    text = " ".join(office.get("/en/office/outages/").content.decode().split())
    assert "Does not answer (possibly significant)" in text
    assert "Last round of questions" in text
    assert Client().get("/en/office/outages/").status_code == 302
    page = open_page(f"{portal}/en/")
    page.context.add_cookies([cookie(office, portal)])
    wrong: list[str] = []
    for language in LANGUAGES:
        page.goto(f"{portal}/{language}/office/outages/")
        assert page.locator("table").count() == 2
        wrong += faults(page, "outages", language)
    assert wrong == []
