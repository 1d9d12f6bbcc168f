# SPDX-License-Identifier: EUPL-1.2
"""Reads a publication folder: checks signatures and hashes, then hands out snapshots that never change."""

from __future__ import annotations

import hashlib
import mmap
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from varmentaja.domain.errors import DomainError, invalid, unavailable
from varmentaja.pki.publication.files import FileRef, map_file
from varmentaja.pki.publication.manifest import (
    AHEAD,
    HEAD,
    MANIFEST,
    CrlRef,
    FolderRef,
    Head,
    Manifest,
    heads_ahead,
)
from varmentaja.pki.publication.seal import Verify
from varmentaja.pki.publication.segment import Entry, Segment, parts_of


@dataclass(frozen=True, slots=True)
class PublishedCrl:
    """A CRL with its dates. The file stays mapped, so it can be served after the folder is gone."""

    path: Path
    ref: CrlRef
    der: mmap.mmap | bytes


@dataclass(frozen=True, slots=True)
class Folder:
    """A set or overlay that has been opened and checked."""

    path: Path
    manifest: Manifest
    segments: dict[str, tuple[Segment, ...]]
    """By authority, oldest first."""
    crls: dict[tuple[str, str], PublishedCrl]
    """By authority and shard."""
    certificates: dict[str, bytes]
    """DER by authority."""


class Snapshot:
    """One state of the publication, whole and unchanging; safe for many threads."""

    def __init__(
        self, head: Head, base: Folder, overlay: Folder | None, ahead: Iterable[Folder] = ()
    ) -> None:
        """``ahead``: overlays of later heads, oldest first."""
        self.head = head
        self.base = base
        self.overlay = overlay
        self._segments: dict[str, tuple[Segment, ...]] = {}
        crls: dict[tuple[str, str], PublishedCrl] = {}
        self.crls: Mapping[tuple[str, str], PublishedCrl] = crls
        """By authority and shard."""
        for folder in (base, *([overlay] if overlay else []), *ahead):
            crls.update(folder.crls)
            for authority, segments in folder.segments.items():
                older = self._segments.get(authority, ())
                self._segments[authority] = (*reversed(segments), *older)

    @property
    def certificates(self) -> Mapping[str, bytes]:
        """DER of the certificate of every authority published here, by name."""
        return self.base.certificates

    def segments(self, authority: str) -> tuple[Segment, ...]:
        """The authority's segments, newest first."""
        return self._segments.get(authority, ())

    def find(self, authority: str, serial: int) -> tuple[Segment, Entry] | None:
        """Return the entry that holds for a certificate and the segment with its answers (newest first)."""
        parts = parts_of(serial)
        if parts is None:
            return None
        low, high = parts
        for segment in self._segments.get(authority, ()):
            entry = segment.find_parts(low, high)
            if entry is not None:
                return segment, entry
        return None

    def version(self, authority: str, serial: int) -> tuple[int, int]:
        """(revision, thisUpdate in Unix seconds) of what is published; (-1, 0) if nothing is."""
        found = self.find(authority, serial)
        return found[1].version if found else (-1, 0)

    def segments_since(self, number: int) -> Iterator[tuple[str, Segment]]:
        """The authorities' segments that were written after set ``number``; all of the overlay."""
        for authority, content in self.base.manifest.authorities.items():
            for ref, segment in zip(content.segments, self.base.segments[authority], strict=True):
                if ref.number > number:
                    yield authority, segment
        for authority, segments in self.overlay.segments.items() if self.overlay else ():
            yield from ((authority, segment) for segment in segments)

    def entries(self, authority: str) -> Iterator[Entry]:
        """Every entry that holds, once, in no promised order: to find what is due, or to count."""
        newer: list[Segment] = []
        for segment in self._segments.get(authority, ()):
            for entry in segment:
                if not any(other.find(entry.serial) for other in newer):
                    yield entry
            newer.append(segment)


_Identity = tuple[FileRef, int, int]
"""What the manifest says, inode, time of last change (ns)."""
_Folder = tuple[str, int]
"""``set`` or ``overlay``, and its number."""
_REMEMBERED = 3
"""Folders of each kind that are not opened, nor their files verified, again: a publisher looks at a new set
and at the one before in turns, at each of them several times."""


@dataclass(frozen=True, slots=True)
class _Opened:
    ref: FolderRef
    files: frozenset[_Identity]
    folder: Folder

    def is_unchanged(self) -> bool:
        """Whether each of its files is the one that was verified; OSError for one that is gone."""
        return all(_identity(self.folder.path, file) == (file, *seen) for file, *seen in self.files)


class PublicationReader:
    """Follows a publication folder. What cannot be verified is refused, and the old snapshot stays.

    ``load`` may be called by many threads.
    """

    current: Snapshot | None = None
    problem: str | None = None
    """Why the last head was refused; None when ``current`` is what the folder says."""

    def __init__(self, folder: Path, verify: Verify) -> None:
        self.folder = folder
        self._verify = verify
        self._seen: tuple[bytes, bytes] | None = None
        self._opened: dict[_Folder, _Opened] = {}
        self._lock = threading.Lock()

    def poll(self, *, again: bool = False) -> bool:
        """Take the folder's head if it is new and sound; return whether ``current`` changed.

        Cheap when nothing changed. A refused head is not looked at twice unless ``again`` is set. Never
        raises for what stands in the folder.
        """
        try:
            ahead = self._read_ahead()  # first: what a switch takes out of it is in the head by then
            document = (self.folder / HEAD).read_bytes()
            if (document, ahead) == self._seen and not (again and self.problem):
                return False
            self._seen = document, ahead
            head = Head.unsealed(document, self._verify)
            if self.current and head.goes_back(self.current.head):
                raise unavailable("The publication went back to an older set; the newer one is kept.")
            self.current = self.load(head, heads_ahead(ahead, head, self._verify).values())
        except OSError as error:
            self._seen = None
            self.problem = f"{type(error).__name__}: {error.strerror}"
            return False
        except DomainError as error:
            self.problem = str(error)
            return False
        except Exception as error:  # out of memory, say: it is told, and tried again
            self.problem = f"{type(error).__name__}: {error}"
            return False
        self.problem = None
        return True

    def _read_ahead(self) -> bytes:
        try:
            return (self.folder / AHEAD).read_bytes()
        except FileNotFoundError:
            return b""

    def load(self, head: Head, ahead: Iterable[Head] = ()) -> Snapshot:
        """Open what a head points at, verifying each file that this reader has not verified before; over it
        the overlays of heads ``ahead``.

        Raises ``invalid`` for a broken set, OSError for a missing file.
        """
        base = self.open_set(head.set)
        overlay = self.open_overlay(head.overlay) if head.overlay else None
        return Snapshot(
            head, base, overlay, [self.open_overlay(each.overlay) for each in ahead if each.overlay]
        )

    def open_set(self, ref: FolderRef) -> Folder:
        """One set, verified; raises as ``load`` does."""
        return self._open_folder("set", self.folder / "sets", ref)

    def open_overlay(self, ref: FolderRef) -> Folder:
        """One overlay, verified; raises as ``load`` does."""
        return self._open_folder("overlay", self.folder / "overlay", ref)

    def _open_folder(self, kind: str, parent: Path, ref: FolderRef) -> Folder:
        verified: set[_Identity] = set()
        path = parent / str(ref.number)
        document = (path / MANIFEST).read_bytes()
        if hashlib.sha256(document).hexdigest() != ref.manifest_sha256:
            raise invalid("The publication's file %(name)s is damaged.", name=MANIFEST)
        known = self._opened.get((kind, ref.number))
        if known and known.ref == ref and known.is_unchanged():
            return known.folder
        manifest = Manifest.unsealed(kind, document, self._verify)
        if manifest.number != ref.number:
            raise invalid("The publication's file %(name)s is damaged.", name=MANIFEST)
        folder = Folder(path, manifest, {}, {}, {})
        for authority, content in manifest.authorities.items():
            for shard, crl in content.crls.items():
                self._check(path, crl.file, verified)
                file = path / crl.file.name
                folder.crls[authority, shard] = PublishedCrl(file, crl, map_file(file))
            if content.certificate:
                self._check(path, content.certificate, verified)
                folder.certificates[authority] = (path / content.certificate.name).read_bytes()
            opened = []
            for segment in content.segments:
                self._check(path, segment.index, verified)
                self._check(path, segment.answers, verified)
                opened.append(Segment(path / segment.index.name, path / segment.answers.name))
            folder.segments[authority] = tuple(opened)
        self._remember((kind, ref.number), _Opened(ref, frozenset(verified), folder))
        return folder

    def _remember(self, name: _Folder, opened: _Opened) -> None:
        """What was opened longest ago is forgotten."""
        with self._lock:
            others = [each for each in self._opened if each[0] == name[0] and each != name]
            forgotten = {name, *others[: 1 - _REMEMBERED]}
            kept = {each: known for each, known in self._opened.items() if each not in forgotten}
            self._opened = {**kept, name: opened}

    def _check(self, folder: Path, ref: FileRef, verified: set[_Identity]) -> None:
        """Compare a file with the manifest, unless it is a link to one compared for the set before."""
        identity = _identity(folder, ref)
        known = any(identity in each.files for each in self._opened.values())
        if not known and not _matches(folder / ref.name, ref):
            raise invalid("The publication's file %(name)s is damaged.", name=ref.name)
        verified.add(identity)


def _identity(folder: Path, ref: FileRef) -> _Identity:
    status = (folder / ref.name).stat()
    return ref, status.st_ino, status.st_mtime_ns


def _matches(path: Path, ref: FileRef) -> bool:
    with path.open("rb") as file:  # a mapped one would count as this process's memory
        return (
            path.stat().st_size == ref.size and hashlib.file_digest(file, "sha256").hexdigest() == ref.sha256
        )
