# SPDX-License-Identifier: EUPL-1.2
"""Files that are whole or not there, and stay."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from varmentaja.files import clear_drafts, write_new, write_over


def test_a_file_is_put_over_another_with_its_mode(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "file"
    write_over(path, b"old")
    write_over(path, b"new", mode=0o644)
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"new", 0o644)
    assert list(path.parent.iterdir()) == [path]


def test_the_first_to_write_a_new_file_wins(tmp_path: Path) -> None:
    path = tmp_path / "file"
    assert write_new(path, b"first") and not write_new(path, b"second")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (b"first", 0o600)
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("write", [write_over, write_new])
def test_content_and_then_the_name_are_stored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write: object
) -> None:
    stored = []

    def noted(descriptor: int) -> None:
        stored.append(Path(f"/proc/self/fd/{descriptor}").readlink())
        fsync(descriptor)

    fsync = os.fsync
    monkeypatch.setattr(os, "fsync", noted)
    assert callable(write)
    write(tmp_path / "file", b"content")
    assert [path.parent for path in stored] == [tmp_path, tmp_path.parent]


def test_what_a_killed_process_left_is_cleared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Killed(BaseException):
        pass

    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", killed)
        patch.setattr(Path, "unlink", lambda *_, **__: None)  # nothing runs after kill -9
        with pytest.raises(Killed):
            write_over(tmp_path / "file", b"secret")
    assert len(list(tmp_path.iterdir())) == 1
    clear_drafts(tmp_path)
    assert list(tmp_path.iterdir()) == []
