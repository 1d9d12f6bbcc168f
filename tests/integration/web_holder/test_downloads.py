# SPDX-License-Identifier: EUPL-1.2
"""The page of the card reader program: what was built can be fetched, nothing else can."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from django.db import connection
from django.test import Client
from tests.integration.web_holder.conftest import HOST
from tests.support.browser import DESKTOP, PHONE, OpenPage, keep, violations, wider_than_screen
from tests.support.service import Service
from tests.support.web import serve
from tools.reader_package import changes

from varmentaja.web.wsgi import application

os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright keeps an event loop in this very thread

pytestmark = pytest.mark.django_db

MADE_AT = "2026-11-24T02:00:00+00:00"
NAMES = ("varmentaja-0.1.0-py3-none-any.whl", "varmentaja-reader_0.1.0_amd64.deb")


@pytest.fixture
def visit(portal_of_service: Service, client: Client, tmp_path: Path, settings: Any) -> Any:
    settings.DOWNLOADS = tmp_path
    (tmp_path / "secret.txt").write_text("not offered")
    return lambda path: client.get(path, headers={"host": HOST})


def build(folder: Path) -> None:
    """As ``make reader-package`` leaves it."""
    entries = []
    for name in reversed(NAMES):
        (folder / name).write_bytes(name.encode())
        (folder / f"{name}.asc").write_text("signature")
        entries.append({"name": name, "size": 2_345_678, "sha256": "ab" * 32, "signature": f"{name}.asc"})
    (folder / "key.asc").write_text("key")
    listing = {
        "version": "0.1.0",
        "system": "Debian",
        "made_at": MADE_AT,
        "key": "key.asc",
        "fingerprint": "CD" * 20,
        "windows": True,
    }
    (folder / "packages.json").write_text(json.dumps({**listing, "changes": ["First."], "files": entries}))


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_the_page_says_how_to_build_while_nothing_is_built(visit: Callable[..., Any], language: str) -> None:
    page = visit(f"/{language}/reader/")
    assert page.status_code == 200
    assert "make reader-package" in page.content.decode()
    assert "/reader/files/" not in page.content.decode()


@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_what_was_built_is_offered_with_checksum_signature_and_least_versions(
    visit: Callable[..., Any], tmp_path: Path, language: str
) -> None:
    build(tmp_path)
    page = visit(f"/{language}/reader/").content.decode()
    for text in (*NAMES, "ab" * 32, "CD" * 20, "0.1.0", "2020 (S4-2)", "First."):
        assert text in page
    for name in (*NAMES, f"{NAMES[1]}.asc", "key.asc"):
        assert f"/reader/files/{name}" in page
        answer = visit(f"/reader/files/{name}")
        assert b"".join(answer.streaming_content) == (tmp_path / name).read_bytes()


@pytest.mark.parametrize("name", ["secret.txt", "packages.json", "..%2Fsecret.txt", "%2Fetc%2Fpasswd"])
def test_nothing_else_can_be_fetched(visit: Callable[..., Any], tmp_path: Path, name: str) -> None:
    build(tmp_path)
    assert visit(f"/reader/files/{name}").status_code == 404


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("language", ["fi", "sv", "en"])
def test_a_holder_gets_the_package_on_a_phone_and_on_a_desk(
    visit: Callable[..., Any], tmp_path: Path, open_page: OpenPage, language: str
) -> None:
    build(tmp_path)
    with patch.dict(connection.settings_dict, CONN_MAX_AGE=0), serve(application) as address:
        page = open_page(f"{address}/{language}/", size=PHONE)
        page.locator("main a[href$='/reader/']").first.click()
        page.wait_for_url(f"**/{language}/reader/")
        for width, height in (PHONE, DESKTOP):
            page.set_viewport_size({"width": width, "height": height})
            keep(page, f"download-{language}-{width}")
            assert violations(page) == []
            assert wider_than_screen(page) == []
        with page.expect_download() as began:
            page.locator("main .tile h3 a").first.click()
        assert began.value.suggested_filename == NAMES[1]
        assert began.value.path().read_bytes() == NAMES[1].encode()
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.locator("[data-copy=install-deb]").click()
        commands = page.evaluate("navigator.clipboard.readText()").splitlines()
        assert commands[-1] == f"sudo apt install ./{NAMES[1]}"


def test_the_list_of_versions_is_served_as_it_was_signed(visit: Callable[..., Any], tmp_path: Path) -> None:
    assert visit("/reader/versions.json").status_code == 404
    (tmp_path / "versions.json").write_bytes(b'{"signed": ""}')
    answer = visit("/reader/versions.json")
    assert answer.headers["Content-Type"] == "application/json"
    assert b"".join(answer.streaming_content) == b'{"signed": ""}'


def test_the_page_says_so_while_the_packages_are_built(visit: Callable[..., Any], tmp_path: Path) -> None:
    with (tmp_path / "building.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        page = visit("/en/reader/").content.decode()
        assert "being built just now" in page and "make reader-package" not in page
    assert "being built just now" not in visit("/en/reader/").content.decode()


def test_a_package_without_windows_says_so(visit: Callable[..., Any], tmp_path: Path) -> None:
    build(tmp_path)
    listing = json.loads((tmp_path / "packages.json").read_text())
    assert "commands alone" not in visit("/en/reader/").content.decode()
    (tmp_path / "packages.json").write_text(json.dumps({**listing, "windows": False}))
    assert "commands alone" in visit("/en/reader/").content.decode()


def test_what_has_changed_comes_from_the_newest_part_of_the_change_log() -> None:
    text = (
        "# Changelog\n\n## [2.0]\n\n### Added\n\n- Card reader program: one `thing`\n  and more.\n- Two.\n\n"
    )
    text += "## [1.0]\n\n- Card reader program: old.\n"
    assert changes(text) == ["One thing and more."]
