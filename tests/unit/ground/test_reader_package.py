# SPDX-License-Identifier: EUPL-1.2
"""The card reader program packed on a machine that has neither Qt nor pyscard, as ``make run`` finds it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from tests.support.pki import Demo
from tools import reader_package


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Neither is installed, and no index of packages can be reached."""
    monkeypatch.setattr(reader_package, "_has", lambda name: False)
    monkeypatch.setattr(reader_package.sys, "prefix", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")


@pytest.mark.usefixtures("bare")
def test_without_qt_and_pyscard_the_package_has_commands_and_takes_pyscard_from_debian(
    demo: Demo, tmp_path: Path
) -> None:
    assert demo.folder
    assert not reader_package.fetch_windows(), "nothing can be fetched"
    wheel = reader_package.build_wheel(tmp_path)
    deb = reader_package.build_deb(wheel, tmp_path, issuers=demo.folder, settings={}, windows=False)

    def dpkg(*words: str) -> str:
        return subprocess.run(["dpkg-deb", *words], check=True, capture_output=True, text=True).stdout

    assert "python3-pyscard" in dpkg("--field", str(deb), "Depends")
    assert "libegl1" not in dpkg("--field", str(deb), "Depends")
    contents = dpkg("--contents", str(deb))
    assert "./usr/bin/varmentaja-reader\n" in contents and "/varmentaja/reader/cli.py" in contents
    assert ".desktop" not in contents and "PySide6" not in contents and "__pycache__" not in contents
    assert all(line.split()[1] == "root/root" for line in contents.splitlines())


def test_it_is_built_again_only_when_something_has_changed(tmp_path: Path) -> None:
    listing = tmp_path / "packages.json"
    about: dict[str, Any] = {"source": reader_package.source("http://127.0.0.1:9"), "windows": True}
    assert not reader_package.is_current(listing, about)
    listing.write_text(json.dumps({**about, "version": "1", "files": [{"name": "a.deb"}]}))
    assert not reader_package.is_current(listing, about), "the file is gone"
    (tmp_path / "a.deb").touch()
    assert reader_package.is_current(listing, about)
    assert not reader_package.is_current(listing, {**about, "windows": False})
    assert not reader_package.is_current(listing, {**about, "source": reader_package.source("elsewhere")})
