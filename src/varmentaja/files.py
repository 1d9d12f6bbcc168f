# SPDX-License-Identifier: EUPL-1.2
"""Files that are whole or not there, and stay so when the power goes out."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

DRAFT = ".part"
"""How the name of a file ends that is being written."""


def write_new(path: Path, content: bytes) -> bool:
    """Put ``content`` (mode 0600) at ``path`` unless a file is there; False if another was first."""
    with _draft(path, content) as draft:
        try:
            path.hardlink_to(draft)
        except FileExistsError:
            return False
    sync_folder(path.parent)
    return True


def write_over(path: Path, content: bytes, *, mode: int = 0o600) -> None:
    """Put ``content`` at ``path`` in one step: readers see the old file or the new one. Makes the folder."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _draft(path, content) as draft:
        draft.chmod(mode)
        draft.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Have the names in ``folder`` stored: a file's own fsync does not."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def clear_drafts(folder: Path) -> None:
    """Remove what a process that was killed left half-written in its own folder."""
    for draft in folder.glob(f".*{DRAFT}"):
        draft.unlink()


@contextmanager
def _draft(path: Path, content: bytes) -> Iterator[Path]:
    """The content, stored beside ``path`` under a name that nobody reads."""
    descriptor, name = tempfile.mkstemp(prefix=".", suffix=DRAFT, dir=path.parent)  # mode 0600
    draft = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield draft
    finally:
        draft.unlink(missing_ok=True)
