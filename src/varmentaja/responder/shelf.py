# SPDX-License-Identifier: EUPL-1.2
"""The sets or the overlays of a mirror: each is fetched whole, verified, and stands here under its number."""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from varmentaja.domain.errors import invalid, unavailable
from varmentaja.pki.publication.files import FileRef, map_file, move_folder, write_file
from varmentaja.pki.publication.manifest import MANIFEST, FolderRef, Manifest
from varmentaja.pki.publication.seal import Verify

if TYPE_CHECKING:
    from varmentaja.responder.sources import Source

_KEPT = 3
_INCOMING = ".incoming"
_Identity = tuple[FileRef, int, int]
"""What the manifest says, inode, time of last change (ns); as in ``PublicationReader``."""


class Shelf:
    """One thread at a time fetches; any may ask what is here."""

    def __init__(
        self, kind: str, source: Source, folder: Path, verify: Verify, stopping: threading.Event
    ) -> None:
        """``folder``: of all sets or overlays, here as at the source. ``stopping`` ends a transfer."""
        self._kind = kind
        self._source = source
        self._folder = folder
        self._verify = verify
        self._stopping = stopping
        self._verified: set[_Identity] = set()
        folder.mkdir(parents=True, exist_ok=True)

    def has(self, ref: FolderRef) -> bool:
        """Whether it is here, whole."""
        file = self._folder / str(ref.number) / MANIFEST
        try:
            return hashlib.sha256(file.read_bytes()).hexdigest() == ref.manifest_sha256
        except FileNotFoundError:
            return False

    def bring(self, ref: FolderRef) -> None:
        """Fetch it, unless it is here. Raises ``not_found`` when the source does not have it (any more),
        ``unavailable``, ``invalid`` for damaged files, and OSError."""
        if self.has(ref):
            return
        there = f"{self._folder.name}/{ref.number}"
        document = self._source.manifest(there)
        if hashlib.sha256(document).hexdigest() != ref.manifest_sha256:
            raise invalid("The publication's file %(name)s is damaged.", name=MANIFEST)
        files = list(files_of(Manifest.unsealed(self._kind, document, self._verify)))
        incoming = self._folder / _INCOMING
        incoming.mkdir(exist_ok=True)
        _clear(incoming, files)
        for file in files:
            if self._is(incoming / file.name, file):
                continue
            (incoming / file.name).unlink(missing_ok=True)
            if not self._link(file, incoming):
                self._bring_file(there, file, incoming)
        write_file(incoming / MANIFEST, document)
        move_folder(incoming, self._folder / str(ref.number))
        # What earlier ones had is forgotten.
        self._verified = {each for each in self._verified if each[0] in set(files)}

    def remove_old(self, current: int, named: Collection[int] = ()) -> None:
        """Keep the last few up to ``current``, what is newer, and those that are ``named``."""
        numbers = sorted(int(path.name) for path in self._folder.glob("[0-9]*") if path.name.isdecimal())
        for number in [number for number in numbers if number <= current][:-_KEPT]:
            if number not in named:
                shutil.rmtree(self._folder / str(number), ignore_errors=True)

    def _link(self, file: FileRef, incoming: Path) -> bool:
        """Take the file from one before, if it is the very same."""
        for folder in self._folder.glob("[0-9]*"):
            if self._is(folder / file.name, file):
                os.link(folder / file.name, incoming / file.name)
                return True
        return False

    def _bring_file(self, folder: str, file: FileRef, incoming: Path) -> None:
        part = incoming / _part(file)
        with part.open("ab") as out:
            start = out.tell()
            if start < file.size:
                for chunk in self._source.read(folder, file, start):
                    out.write(chunk)
                    if out.tell() > file.size:
                        break
                    if self._stopping.is_set():
                        raise unavailable("The publisher cannot be reached: %(reason)s", reason="stopping")
            out.flush()
            os.fsync(out.fileno())
        if not self._is(part, file):
            size = part.stat().st_size
            if size >= file.size:  # a shorter one was cut off, and the next attempt goes on with it
                part.unlink()
            raise invalid("The publication's file %(name)s is damaged.", name=file.name)
        part.rename(incoming / file.name)

    def _is(self, path: Path, ref: FileRef) -> bool:
        """Whether a file is what the manifest says. Each is read once: a nation's set has gigabytes."""
        try:
            status = path.stat()
        except FileNotFoundError:
            return False
        identity = ref, status.st_ino, status.st_mtime_ns
        if identity in self._verified:
            return True
        if status.st_size != ref.size or hashlib.sha256(map_file(path)).hexdigest() != ref.sha256:
            return False
        self._verified.add(identity)
        return True


def files_of(manifest: Manifest) -> Iterator[FileRef]:
    """Every file that a manifest names."""
    for authority in manifest.authorities.values():
        if authority.certificate:
            yield authority.certificate
        for segment in authority.segments:
            yield segment.index
            yield segment.answers
        for crl in authority.crls.values():
            yield crl.file


def _part(file: FileRef) -> str:
    """Where its content gathers: by the hash, so that what was cut off goes on for another set, too."""
    return f"{file.sha256}.part"


def _clear(incoming: Path, files: list[FileRef]) -> None:
    """Remove what an unfinished transfer left and nobody wants any more: a full disk would stay full."""
    wanted = {name for file in files for name in (file.name, _part(file))}
    for path in incoming.iterdir():
        if path.name not in wanted:
            path.unlink()
