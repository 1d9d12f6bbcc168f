# SPDX-License-Identifier: EUPL-1.2
"""Packs a .deb (deb(5)): an ar archive of two tar archives. Pure Python, so that no Debian tool is needed."""

from __future__ import annotations

import shutil
import tarfile
import tempfile
from pathlib import Path
from typing import IO

ABOUT = "DEBIAN"
"""Folder of the tree that describes the package; the rest is what it installs."""


def pack(tree: Path, deb: Path) -> None:
    """Pack a folder as ``dpkg-deb --root-owner-group --build`` does.

    Quick to make; the wheels of Qt hardly shrink further.
    """
    with tempfile.TemporaryDirectory(dir=deb.parent) as folder:
        about, data = Path(folder) / "control.tar.gz", Path(folder) / "data.tar.gz"
        with tarfile.open(about, "w:gz", compresslevel=1, format=tarfile.GNU_FORMAT) as archive:
            archive.add(tree / ABOUT, ".", filter=_of_root)
        with tarfile.open(data, "w:gz", compresslevel=1, format=tarfile.GNU_FORMAT) as archive:
            archive.add(tree, ".", filter=lambda member: None if _describes(member) else _of_root(member))
        with deb.open("wb") as file:
            file.write(b"!<arch>\n" + _header("debian-binary", 4) + b"2.0\n")
            for part in (about, data):
                _append(file, part)


def _append(file: IO[bytes], part: Path) -> None:
    size = part.stat().st_size
    file.write(_header(part.name, size))
    with part.open("rb") as content:
        shutil.copyfileobj(content, file)
    file.write(b"\n" * (size % 2))


def _header(name: str, size: int) -> bytes:
    """Of a file in an ar archive: name, time, owner, group, mode, size."""
    return f"{name:<16}{0:<12}{0:<6}{0:<6}{100644:<8}{size:<10}`\n".encode("ascii")


def _describes(member: tarfile.TarInfo) -> bool:
    return member.name.removeprefix("./").split("/")[0] == ABOUT


def _of_root(member: tarfile.TarInfo) -> tarfile.TarInfo:
    """Owned by root, readable by all, whatever the umask was."""
    member.name = member.name if member.name.startswith(".") else f"./{member.name}"
    member.uid = member.gid = 0
    member.uname = member.gname = "root"
    member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
    return member
