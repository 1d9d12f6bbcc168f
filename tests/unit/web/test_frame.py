# SPDX-License-Identifier: EUPL-1.2
"""Around every page: headers, reference numbers, errors of the domain and our own faults."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, override_settings
from django.urls import path

from varmentaja.domain.errors import DomainError, conflict, invalid, not_allowed, not_found, unavailable
from varmentaja.web import urls
from varmentaja.web.secret import secret_key

pytestmark = pytest.mark.usefixtures("still_clock")

RAISED: dict[str, Callable[[], Exception]] = {
    "invalid": lambda: invalid("%(what)s is wrong.", what="Name"),
    "not_found": lambda: not_found("No card."),
    "not_allowed": lambda: not_allowed("Not yours."),
    "conflict": lambda: conflict("Too late."),
    "unavailable": lambda: unavailable("No answer."),
    "fault": lambda: RuntimeError("secret detail"),
}


def _raise(request: HttpRequest, kind: str) -> HttpResponse:
    raise RAISED[kind]()


urlpatterns = [*urls.urlpatterns, path("raise/<kind>", _raise)]
handler400, handler403 = urls.handler400, urls.handler403
handler404, handler500 = urls.handler404, urls.handler500


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


@pytest.mark.parametrize(
    ("kind", "status"),
    [("invalid", 400), ("not_found", 404), ("not_allowed", 403), ("conflict", 409), ("unavailable", 503)],
)
@override_settings(ROOT_URLCONF=__name__)
def test_a_refusal_of_the_domain_has_its_status_and_says_why(client: Client, kind: str, status: int) -> None:
    error = RAISED[kind]()
    assert isinstance(error, DomainError)
    page = client.get(f"/raise/{kind}", headers={"accept": "text/html"})
    assert page.status_code == status
    assert str(error.message) in page.content.decode()
    problem = client.get(f"/raise/{kind}", headers={"accept": "application/json"})
    assert problem.status_code == status
    assert problem["Content-Type"] == "application/problem+json"
    assert json.loads(problem.content)["detail"] == str(error.message)
    assert json.loads(problem.content)["status"] == status


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
@override_settings(ROOT_URLCONF=__name__)
def test_a_fault_of_ours_shows_a_reference_and_no_detail(client: Client, accept: str) -> None:
    answer = client.get("/raise/fault", headers={"accept": accept})
    assert answer.status_code == 500
    assert "secret detail" not in answer.content.decode()
    assert re.search(r"[A-Z347]{4}-[A-Z347]{4}", answer.content.decode())


def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere(client: Client) -> None:
    policy = client.get("/en/")["Content-Security-Policy"]
    assert "unsafe-inline" not in policy
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy


def test_pages_hold_no_inline_script_or_style(client: Client) -> None:
    html = client.get("/en/style-guide/").content.decode()
    assert re.findall(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", html) == []


def test_static_files_may_be_kept_for_a_year(client: Client) -> None:
    html = client.get("/en/").content.decode()
    address = re.search(r'href="([^"]+/base\.css)"', html)
    assert address is not None
    answer = client.get(address[1])
    assert answer.status_code == 200
    assert "max-age=31536000" in answer["Cache-Control"]


def test_a_form_without_its_token_is_refused_with_advice() -> None:
    answer = Client(enforce_csrf_checks=True).post("/en/style-guide/form/", {})
    assert answer.status_code == 403
    assert "Open the page again" in answer.content.decode()


def test_the_secret_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "keys" / "portal-secret"
    first = secret_key(file)
    assert secret_key(file) == first
    assert len(first) >= 50
    assert file.stat().st_mode & 0o077 == 0
    assert [path.name for path in file.parent.iterdir()] == ["portal-secret"]
