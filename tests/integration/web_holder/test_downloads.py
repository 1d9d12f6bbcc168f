# SPDX-License-Identifier: EUPL-1.2
"""The page of the card reader program: what was built can be fetched, nothing else can."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from tests.integration.web_holder.conftest import HOST
from tests.support.service import Service
from tools.reader_package import changes

pytestmark = pytest.mark.django_db

NAMES = ("varmentaja-0.1.0-py3-none-any.whl", "varmentaja-reader_0.1.0_amd64.deb")


@pytest.fixture
def visit(portal_of_service: Service, client: Client, tmp_path: Path, settings: Any) -> Any:
    settings.DOWNLOADS = tmp_path
    (tmp_path / "secret.txt").write_text("not offered")
    return lambda path: client.get(path, headers={"host": HOST})


def build(folder: Path) -> None:
    """As ``make reader-package`` leaves it."""
    entries = []
    for name in NAMES:
        (folder / name).write_bytes(name.encode())
        (folder / f"{name}.asc").write_text("signature")
        entries.append({"name": name, "size": 2_345_678, "sha256": "ab" * 32, "signature": f"{name}.asc"})
    (folder / "key.asc").write_text("key")
    listing = {"version": "0.1.0", "system": "Debian", "key": "key.asc", "fingerprint": "CD" * 20}
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
    for text in (*NAMES, "ab" * 32, "CD" * 20, "0.1.0", "2020-s4-2", "First."):
        assert text in page
    for name in (*NAMES, f"{NAMES[1]}.asc", "key.asc"):
        assert f"/reader/files/{name}" in page
        answer = visit(f"/reader/files/{name}")
        assert b"".join(answer.streaming_content) == (tmp_path / name).read_bytes()


@pytest.mark.parametrize("name", ["secret.txt", "packages.json", "..%2Fsecret.txt", "%2Fetc%2Fpasswd"])
def test_nothing_else_can_be_fetched(visit: Callable[..., Any], tmp_path: Path, name: str) -> None:
    build(tmp_path)
    assert visit(f"/reader/files/{name}").status_code == 404


def test_the_list_of_versions_is_served_as_it_was_signed(visit: Callable[..., Any], tmp_path: Path) -> None:
    assert visit("/reader/versions.json").status_code == 404
    (tmp_path / "versions.json").write_bytes(b'{"signed": ""}')
    answer = visit("/reader/versions.json")
    assert answer.headers["Content-Type"] == "application/json"
    assert b"".join(answer.streaming_content) == b'{"signed": ""}'


def test_what_has_changed_comes_from_the_newest_part_of_the_change_log() -> None:
    text = "# Changelog\n\n## [2.0]\n\n### Added\n\n- One `thing`\n  and more.\n- Two.\n\n## [1.0]\n"
    assert changes(text) == ["One thing and more.", "Two."]
