# SPDX-License-Identifier: EUPL-1.2
"""What goes into the .deb is what was installed, of the pinned versions, with all that it needs."""

from __future__ import annotations

from importlib.metadata import Distribution, PathDistribution
from pathlib import Path

import pytest
from tools.reader_package import PACKAGES, UNUSED, copy, needed, require_pinned


def small(folder: Path, content: bytes = b"print()\n", version: str = "1.0") -> Distribution:
    """An installed package of one file."""
    about = folder / "small-1.0.dist-info"
    about.mkdir(parents=True)
    (folder / "small.py").write_bytes(content)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: small\nVersion: {version}\n")
    (about / "RECORD").write_text(
        "small.py,sha256=2FlPoSaOyrxir3yeJEm4xG2w9CbNmq04TGfv5Z5YKz4,8\n../bin/small,,\n"
    )
    return PathDistribution(about)


def test_a_file_that_was_changed_since_it_was_installed_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"small\.py"):
        copy(small(tmp_path / "from", b"changed\n"), tmp_path / "to")


def test_files_are_copied_and_scripts_outside_stay(tmp_path: Path) -> None:
    copy(small(tmp_path / "from"), tmp_path / "to")
    assert [path.name for path in (tmp_path / "to").rglob("*")] == ["small.py"]


def test_a_version_that_is_not_pinned_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"small 1\.0"):
        require_pinned({"small": small(tmp_path)})


def test_everything_that_is_needed_comes_along() -> None:
    packages = needed(PACKAGES)
    require_pinned(packages)
    assert {"cffi", "pycparser", "anyio", "httpcore", "markupsafe", "pydantic-core"} <= set(packages)
    assert not {"django", "psycopg", "pkilint"} & set(packages)


def test_windows_keep_the_parts_of_qt_that_they_use() -> None:
    kept = (
        "QtWidgets.abi3.so",
        "Qt/lib/libQt6Widgets.so.6",
        "Qt/plugins/platforms/libqxcb.so",
        "__init__.py",
    )
    assert not any(UNUSED.match(f"PySide6/{name}") for name in kept)
    left = ("Qt/qml/QtQml/x", "qmlls", "QtQuick.abi3.so", "Qt/lib/libQt6Qml.so.6", "QtCore.pyi")
    assert all(UNUSED.match(f"PySide6/{name}") for name in left)
