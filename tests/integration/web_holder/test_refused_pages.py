# SPDX-License-Identifier: EUPL-1.2
"""Each refusal of a sign-in as people see it, by card program and by TLS: a page of its own words, in three
languages, on a phone and on a desk."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect
from tests.integration.web_holder.conftest import Holder
from tests.integration.web_holder.test_browser import pages
from tests.support.browser import (
    DESKTOP,
    LANGUAGES,
    PHONE,
    OpenPage,
    keep,
    violations,
    wider_than_screen,
)

from varmentaja.apps.access.models import HandOver
from varmentaja.reader.http import LocalServer, Request, Response
from varmentaja.relying_party import Outcome, Refused
from varmentaja.web.access import views

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright keeps an event loop in this very thread

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

__all__ = ["pages"]

BY_TLS = (
    Outcome.NO_CARD,
    Outcome.REVOKED,
    Outcome.EXPIRED,
    Outcome.UNKNOWN_ISSUER,
    Outcome.WRONG_PURPOSE,
    Outcome.STATUS_UNKNOWN,
    Outcome.TOO_OLD,
)


def test_every_check_has_words_of_its_own_at_the_sign_in_page(
    holder: Holder, pages: str, open_page: OpenPage, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = open_page(f"{pages}/en/sign-in/")
    for language in LANGUAGES:
        page.goto(f"{pages}/{language}/sign-in/")
        seen: set[str] = set()
        for outcome in Outcome:
            monkeypatch.setattr(views, "sign_in_with_scs", refusing(outcome))
            send_answer(page)
            box = page.locator("main .notification.error")
            expect(box).to_have_count(1)
            seen.add(box.inner_text())
            look(page, f"refused-{outcome}-{language}")
        assert len(seen) == len(Outcome)
        assert violations(page) == []


def look(page: Page, name: str) -> None:
    """On a desk and on a phone."""
    for size in (DESKTOP, PHONE):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        keep(page, f"{name}-{size[0]}")
        assert wider_than_screen(page) == [], name


def refusing(outcome: Outcome) -> Callable[..., None]:
    def refuse(*_: Any, **__: Any) -> None:
        raise Refused(outcome)

    return refuse


def send_answer(page: Page) -> None:
    """What the script does once the card reader program has answered."""
    with page.expect_navigation():
        page.evaluate(
            """(answer) => {
              const form = document.querySelector('form.scs');
              form.elements.answer.value = answer;
              form.submit();
            }""",
            json.dumps({"status": "failed"}),
        )


def test_every_check_of_a_tls_certificate_has_a_page_of_its_own(
    holder: Holder, pages: str, open_page: OpenPage, settings: Any
) -> None:
    found: list[Outcome] = []

    def tls_host(request: Request) -> Response:
        """Sends the browser back with a code for what it found."""
        state = parse_qs(request.query)["state"][0]
        back = f"{pages}{request.path}sign-in/tls/?{urlencode({'state': state, 'code': found[-1]})}"
        return Response(303, headers=(("Location", back),))

    server = LocalServer(tls_host, ports=(0,))
    server.start()
    settings.TLS_URL, settings.PUBLIC_URL = server.url, pages
    page = open_page(f"{pages}/en/sign-in/")
    for language in LANGUAGES:
        headings: set[str] = set()
        for outcome in BY_TLS:
            found.append(outcome)
            HandOver.objects.create(
                code_hash=hashlib.sha256(outcome.encode()).hexdigest(),
                failure={"outcome": outcome.value, "detail": ""},
                expires_at=timezone.now() + timedelta(minutes=1),
            )
            page.goto(f"{pages}/{language}/sign-in/tls/start/")
            expect(page.locator("main a.button")).to_be_visible()
            headings.add(page.locator("h1").inner_text())
            look(page, f"tls-{outcome}-{language}")
        assert len(headings) == len(BY_TLS)
        assert violations(page) == []
    server.close()
