# SPDX-License-Identifier: EUPL-1.2
"""The pages in Chromium: axe, on a phone and a desk, in three languages, without JavaScript too."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from tests.support.browser import DESKTOP, LANGUAGES, PHONE, OpenPage, violations, wider_than_screen

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("still_clock")]

PAGES = ["", "style-guide/", "style-guide/form/", "no-such-page/"]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", [PHONE, DESKTOP])
@pytest.mark.parametrize("path", PAGES)
def test_page_has_no_axe_violation_and_fits_the_screen(
    portal: str, open_page: OpenPage, path: str, size: tuple[int, int], language: str
) -> None:
    page = open_page(f"{portal}/{language}/{path}", size=size)
    assert page.locator("html").get_attribute("lang") == language
    assert violations(page) == []
    assert wider_than_screen(page) == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("size", [PHONE, DESKTOP])
def test_form_with_errors_has_no_axe_violation(
    portal: str, open_page: OpenPage, size: tuple[int, int], language: str
) -> None:
    page = open_page(f"{portal}/{language}/style-guide/form/", size=size)
    page.locator("main button[type=submit]").click()
    expect(page.locator(".error-summary")).to_be_visible()
    assert violations(page) == []
    assert wider_than_screen(page) == []


@pytest.mark.parametrize("javascript", [True, False])
def test_errors_are_summed_up_first_focused_and_lead_to_their_fields(
    portal: str, open_page: OpenPage, javascript: bool
) -> None:
    page = open_page(f"{portal}/en/style-guide/form/", javascript=javascript)
    page.locator("main button[type=submit]").click()
    expect(page).to_have_title(re.compile("^Error: "))
    expect(page.locator(".error-summary:focus")).to_have_count(1)
    for link in page.locator(".error-summary a").all():
        target = link.get_attribute("href")
        link.click()
        expect(page.locator(f"{target}:focus")).to_have_count(1)


def test_axe_and_the_width_check_see_faults(open_page: OpenPage) -> None:
    page = open_page("about:blank", size=PHONE)
    page.set_content('<html lang="fi"><body><img src="data:," width="900"></body></html>')
    assert any(line.startswith("image-alt") for line in violations(page))
    assert len(wider_than_screen(page)) == 1


def test_language_link_leads_to_the_same_page(portal: str, open_page: OpenPage) -> None:
    page = open_page(f"{portal}/en/style-guide/?a=1")
    page.get_by_role("link", name="Svenska").click()
    assert page.url == f"{portal}/sv/style-guide/?a=1"


@pytest.mark.parametrize(("locale", "language"), [("sv-FI", "sv"), ("en-GB", "en"), ("de-DE", "fi")])
def test_the_bare_address_leads_to_the_readers_language(
    portal: str, open_page: OpenPage, locale: str, language: str
) -> None:
    assert open_page(portal, locale=locale).url == f"{portal}/{language}/"


def test_skip_link_is_the_first_stop_of_the_keyboard(portal: str, open_page: OpenPage) -> None:
    page = open_page(f"{portal}/en/")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("main:focus")).to_have_count(1)


def test_nothing_is_loaded_from_elsewhere(portal: str, open_page: OpenPage) -> None:
    page = open_page("about:blank")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{portal}/en/style-guide/")
    page.wait_for_load_state("networkidle")
    assert [url for url in asked if not url.startswith(portal)] == []
    assert any(url.endswith(".woff2") for url in asked)


def test_form_in_order_ends_on_a_confirmation(portal: str, open_page: OpenPage) -> None:
    page = open_page(f"{portal}/en/style-guide/form/", size=PHONE)
    page.get_by_label("Name").fill("Päivi Äijälä")
    page.get_by_label("Day").fill("31")
    page.get_by_label("Month").fill("3")
    page.get_by_label("Year").fill("1980")
    page.get_by_label("Home").check()
    page.get_by_label("Identity document").select_option("passport")
    page.get_by_label("I have read the terms").check()
    page.locator("main button[type=submit]").click()
    assert page.locator(".panel h1").inner_text() == "The answers were in order"
    assert violations(page) == []
