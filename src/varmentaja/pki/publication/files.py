# SPDX-License-Identifier: EUPL-1.2
"""Files that are either whole or not there: write, force to disk, rename, force the folder to disk."""

from __future__ import annotations

import hashlib
import mmap
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, BinaryIO, Self


@dataclass(frozen=True, slots=True)
class FileRef:
    """A file of a set as the manifest names it."""

    name: str
    size: int
    sha256: str

    def to_json(self) -> dict[str, Any]:
        """For the manifest."""
        return {"name": self.name, "size": self.size, "sha256": self.sha256}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """From the manifest; a name that would leave the folder raises ValueError."""
        if Path(data["name"]).name != data["name"]:
            raise ValueError("not a plain file name")
        return cls(str(data["name"]), int(data["size"]), str(data["sha256"]))


_AT_ONCE = 1 << 20


class HashedFile:
    """A new file that is hashed while written; ``ref`` is there once the ``with`` block has ended well."""

    ref: FileRef

    def __init__(self, path: Path) -> None:
        self._path = path
        self._hash = hashlib.sha256()
        self._file: BinaryIO = path.open("xb", buffering=0)
        self._waiting: list[bytes | mmap.mmap] = []
        self._flushed = 0
        self.size = 0

    def write(self, data: bytes | mmap.mmap) -> None:
        """Append; what is small waits until there is a megabyte to hash and write at once."""
        self._waiting.append(data)
        self.size += len(data)
        if self.size - self._flushed >= _AT_ONCE:
            self._flush()

    def _flush(self) -> None:
        whole = b"".join(self._waiting)
        self._waiting.clear()
        self._flushed = self.size
        self._hash.update(whole)
        written = 0
        while written < len(whole):  # an unbuffered write may be a short one
            written += self._file.write(memoryview(whole)[written:])

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._flush()
            sync_file(self._file)
            self.ref = FileRef(self._path.name, self.size, self._hash.hexdigest())
        self._file.close()


def write_file(path: Path, data: bytes | mmap.mmap | IO[bytes]) -> FileRef:
    """Write a new file to disk; another file is copied from its beginning, piece by piece."""
    with HashedFile(path) as file:
        if isinstance(data, bytes | mmap.mmap):
            file.write(data)
        else:
            data.seek(0)
            shutil.copyfileobj(data, file, _AT_ONCE)
    return file.ref


def map_file(path: Path) -> mmap.mmap | bytes:
    """Map a file that will not change; it is let go with the last reference."""
    with path.open("rb") as file:
        if not path.stat().st_size:
            return b""  # an empty file cannot be mapped
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)


def sync_file(file: BinaryIO) -> None:
    """Force a file's content to disk."""
    file.flush()
    os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Force a folder's entries to disk, so that a rename survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def replace_file(path: Path, data: bytes) -> None:
    """Put new content at ``path`` in one step: readers see the old file or the new one."""
    fresh = path.with_name(f".{path.name}.new")
    fresh.unlink(missing_ok=True)
    write_file(fresh, data)
    fresh.rename(path)
    sync_folder(path.parent)


def empty_folder(path: Path) -> Path:
    """Make ``path`` an empty folder; what an interrupted run left there goes."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    return path


def move_folder(source: Path, target: Path) -> None:
    """Give a finished folder its final name; a folder of that name which no head points at is removed."""
    sync_folder(source)
    shutil.rmtree(target, ignore_errors=True)
    source.rename(target)
    sync_folder(target.parent)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold an exclusive lock; the system frees it when the process dies, however that happens."""
    import fcntl  # Unix alone has it; the card reader program, which locks nothing, imports this everywhere

    with path.open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
