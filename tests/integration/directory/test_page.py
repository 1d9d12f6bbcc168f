# SPDX-License-Identifier: EUPL-1.2
"""The holder's page: a consent and its withdrawal, and no page where the directory holds no persons."""

from __future__ import annotations

from typing import Any

import pytest
from tests.integration.web_office.conftest import signed_in
from tests.integration.web_office.test_pages import cookie
from tests.support.browser import (
    DESKTOP,
    LANGUAGES,
    PHONE,
    OpenPage,
    keep,
    violations,
    wider_than_screen,
)
from tests.support.service import Service

from varmentaja.apps.directory.models import Consent

PAGE = "/en/my-card/directory/"


@pytest.mark.django_db
def test_without_the_switch_there_is_no_page_but_a_consent_can_be_withdrawn(
    service: Service, settings: Any
) -> None:
    client = signed_in(service, "physician", "holder")
    assert client.get(PAGE).status_code == 404
    assert PAGE not in client.get("/en/my-card/").content.decode()
    settings.DIRECTORY_PERSONS = True
    assert PAGE in client.get("/en/my-card/").content.decode()
    client.post(PAGE)
    settings.DIRECTORY_PERSONS = False
    assert "You gave your consent on" in client.get(PAGE).content.decode()
    client.post(PAGE, {"withdraw": "1"})
    assert Consent.objects.get().withdrawn_at is not None
    assert client.get(PAGE).status_code == 404


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_consent_and_withdrawal_without_scripts(
    service: Service, settings: Any, portal: str, open_page: OpenPage
) -> None:
    settings.DIRECTORY_PERSONS = True
    client = signed_in(service, "physician", "holder")
    faults: list[str] = []
    for size in (PHONE, DESKTOP):
        page = open_page(f"{portal}/en/", size=size)
        page.context.add_cookies([cookie(client, portal)])
        for language in LANGUAGES:
            for state in ("without", "with"):
                page.goto(f"{portal}/{language}/my-card/directory/")
                keep(page, f"directory-{state}-{language}-{size[0]}")
                wrong = [*violations(page), *wider_than_screen(page)]
                faults += [f"{state} {language} {size[0]}: {each}" for each in wrong]
                page.locator("main button").click()
                page.wait_for_load_state()
    assert faults == []
    assert Consent.objects.count() == 6
    assert not Consent.objects.filter(withdrawn_at=None).exists()
