# SPDX-License-Identifier: EUPL-1.2
"""Keeps a folder like the publication elsewhere: ``python -m varmentaja.responder.mirror``.

The responder beside it follows the folder as if the publisher wrote it. Nothing is switched before every file
of the new state is here and its hash is right; a transfer that was cut off goes on where it stopped. When the
publisher is gone, the folder stays as it is and answers grow stale honestly, by their own dates.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import signal
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import structlog

from varmentaja.domain.errors import DomainError, invalid
from varmentaja.pki.publication.files import FileRef, locked, map_file, move_folder, replace_file, write_file
from varmentaja.pki.publication.manifest import HEAD, MANIFEST, FolderRef, Head, Manifest
from varmentaja.pki.publication.seal import Verify
from varmentaja.responder.key import read_verifier
from varmentaja.responder.sources import Source, source_of
from varmentaja.responder.watch import MIRROR_STATE

_KEPT = 3
_AFTER_TROUBLE = 2.0
"""Seconds before the next look when the last one failed: a large damaged file is not fetched all the time."""
_TELL = 10.0
"""Seconds between writings of the state while nothing changes."""

_INCOMING = ".incoming"
_Identity = tuple[FileRef, int, int]
"""What the manifest says, inode, time of last change (ns); as in ``PublicationReader``."""

_log = structlog.get_logger("mirror")


class Mirror:
    """The folder's only writer (a lock sees to it)."""

    def __init__(self, source: Source, folder: Path, verify: Verify) -> None:
        self._source = source
        self._folder = folder
        self._verify = verify
        self.problem: str | None = None
        """Why the folder may be behind; None when it is as the source was at the last look."""
        self._pending: bytes | None = None
        """A head that is not here yet."""
        self._refused: str | None = None
        """Why the source's newest head is not wanted; until there is another."""
        self._verified: set[_Identity] = set()
        for name in ("sets", "overlay"):
            (folder / name).mkdir(parents=True, exist_ok=True)

    def look(self) -> bool:
        """Bring the newest state here if it is new and sound; whether there was one. Raises nothing."""
        try:
            fresh = self._source.head()
            if fresh is not None:
                self._pending, self._refused = fresh, None
            changed = self._pending is not None and self._bring(self._pending)
        except DomainError as error:
            self._tell(str(error))
            return False
        except OSError as error:
            self._tell(f"{type(error).__name__}: {error.strerror}")
            return False
        self._pending = None
        self._tell(self._refused)
        return changed

    def _bring(self, document: bytes) -> bool:
        head = Head.unsealed(document, self._verify)
        current = self._current()
        if current == head:
            return False
        if current and head.goes_back(current):
            self._refused = "The publication went back to an older set; the newer one is kept."
            return False
        self._bring_folder("set", "sets", head.set)
        if head.overlay:
            self._bring_folder("overlay", "overlay", head.overlay)
        replace_file(self._folder / HEAD, document)
        _remove_old(self._folder / "sets", head.set.number)
        _remove_old(self._folder / "overlay", head.generation)
        _log.info("mirrored", set=head.set.number, generation=head.generation)
        return True

    def _current(self) -> Head | None:
        try:
            return Head.unsealed((self._folder / HEAD).read_bytes(), self._verify)
        except (FileNotFoundError, DomainError):
            return None

    def _bring_folder(self, kind: str, parent: str, ref: FolderRef) -> None:
        target = self._folder / parent / str(ref.number)
        if _has_manifest(target, ref):
            return
        document = self._source.manifest(f"{parent}/{ref.number}")
        if hashlib.sha256(document).hexdigest() != ref.manifest_sha256:
            raise invalid("The publication's file %(name)s is damaged.", name=MANIFEST)
        files = list(files_of(Manifest.unsealed(kind, document, self._verify)))
        incoming = self._folder / parent / _INCOMING
        incoming.mkdir(exist_ok=True)
        _clear(incoming, files)
        for file in files:
            if self._is(incoming / file.name, file):
                continue
            (incoming / file.name).unlink(missing_ok=True)
            if not self._link(parent, file, incoming):
                self._bring_file(f"{parent}/{ref.number}", file, incoming)
        write_file(incoming / MANIFEST, document)
        move_folder(incoming, target)
        if kind == "set":  # what earlier sets had is forgotten
            self._verified = {each for each in self._verified if each[0] in set(files)}

    def _link(self, parent: str, file: FileRef, incoming: Path) -> bool:
        """Take the file from a set before, if it is the very same."""
        for folder in (self._folder / parent).glob("[0-9]*"):
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
            out.flush()
            os.fsync(out.fileno())
        if not self._is(part, file):
            size = part.stat().st_size
            if size >= file.size:  # a shorter one was cut off, and the next look goes on with it
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

    def _tell(self, problem: str | None) -> None:
        if problem and problem != self.problem:
            _log.error("mirror_behind", problem=problem)
        self.problem = problem

    def write_state(self, now: datetime) -> None:
        """Leave word for the responder's health page, if there is room for it."""
        state = {"looked_at": now.isoformat(timespec="seconds"), "problem": self.problem}
        try:
            replace_file(self._folder / MIRROR_STATE, json.dumps(state).encode() + b"\n")
        except OSError as error:
            _log.error("mirror_state_not_written", problem=error.strerror)


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


def follow(source: Source, folder: Path, verify: Verify, stopping: threading.Event) -> None:
    """Look again and again until ``stopping`` is set."""
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / ".publish.lock"):
        mirror, since, told = Mirror(source, folder, verify), 0.0, None
        while True:
            mirror.look()
            if since >= _TELL or told != (mirror.problem,):
                mirror.write_state(datetime.now(UTC))
                since, told = 0.0, (mirror.problem,)
            pause = max(source.poll, _AFTER_TROUBLE) if mirror.problem else source.poll
            if stopping.wait(pause):
                return
            since += pause


def _has_manifest(target: Path, ref: FolderRef) -> bool:
    file = target / MANIFEST
    return file.exists() and hashlib.sha256(file.read_bytes()).hexdigest() == ref.manifest_sha256


def _part(file: FileRef) -> str:
    """Where its content gathers: by the hash, so that what was cut off goes on for another set, too."""
    return f"{file.sha256}.part"


def _clear(incoming: Path, files: list[FileRef]) -> None:
    """Remove what an unfinished transfer left and nobody wants any more: a full disk would stay full."""
    wanted = {name for file in files for name in (file.name, _part(file))}
    for path in incoming.iterdir():
        if path.name not in wanted:
            path.unlink()


def _remove_old(parent: Path, current: int) -> None:
    numbers = sorted(int(path.name) for path in parent.glob("[0-9]*") if path.name.isdecimal())
    for number in [number for number in numbers if number <= current][:-_KEPT]:
        shutil.rmtree(parent / str(number), ignore_errors=True)


def main() -> None:
    """Mirror until stopped."""
    parser = argparse.ArgumentParser(description="Keep a publication folder like the publisher's.")
    parser.add_argument("--source", required=True, help="https://… or s3://bucket[/folder]")
    parser.add_argument("--authorities", type=Path, help="PEM file for the publisher's TLS certificate")
    parser.add_argument("--folder", type=Path, required=True, help="publication folder on this machine")
    parser.add_argument("--key", type=Path, required=True, help="the publisher's public key (PEM)")
    arguments = parser.parse_args()
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    follow(
        source_of(arguments.source, arguments.authorities),
        arguments.folder,
        read_verifier(arguments.key),
        stopping,
    )


if __name__ == "__main__":
    main()
