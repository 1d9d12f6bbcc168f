# SPDX-License-Identifier: EUPL-1.2
"""A file system of a few megabytes that can be filled to the last byte; mounting it needs root."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

MEGABYTES = 4


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A file system of its own at ``folder``, gone at the end."""
    folder.mkdir(mode=0o700)
    size = f"size={MEGABYTES}m,mode=0700"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", folder], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


@contextmanager
def full(folder: Path) -> Iterator[None]:
    """Fill the file system of ``folder`` to the last byte, and give the room back at the end."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        for _ in range(MEGABYTES * 1024 + 1):
            file.write(bytes(1024))
    yield
    filler.unlink()
