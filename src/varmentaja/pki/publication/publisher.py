# SPDX-License-Identifier: EUPL-1.2
"""Publishes sets and overlays; the only writer of the publication folder.

Every step can be cut off by ``kill -9``: until the head is renamed, readers see the old state, and what an
unfinished run left behind is removed by the next one.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Self

from varmentaja.domain.errors import DomainError, conflict
from varmentaja.pki.publication.build import Build
from varmentaja.pki.publication.content import Answer, Crl
from varmentaja.pki.publication.files import empty_folder, locked, move_folder, replace_file, write_file
from varmentaja.pki.publication.manifest import HEAD, MANIFEST, AuthorityRef, FolderRef, Head, Manifest
from varmentaja.pki.publication.reader import PublicationReader, Snapshot
from varmentaja.pki.publication.seal import Sign, Verify
from varmentaja.pki.publication.segment import Part, Piece

_PUBLISH_LOCK = ".publish.lock"
"""Held while a set is made: there is one at a time."""
_SWITCH_LOCK = ".switch.lock"
"""Held while the head changes: never for long."""
_STAGED = ".staged.json"
"""A head that nobody follows: the set that is being made in several steps."""
_KEPT = 3
"""Sets and overlays left on disk: the current one and those that a slow reader may be opening."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """What a gate judges: the state about to be published, beside the one that is."""

    before: Snapshot | None
    after: Snapshot
    overtaking: int
    """Number of answers that overtake; 0 for a regular set."""
    fresh: tuple[tuple[str, Piece], ...]
    """Authority and answers that are not in ``before``; where a set is judged again under what has overtaken
    it, those that this concerns."""


Gate = Callable[[Candidate], None]
"""Raises ``DomainError`` to hold a publication back."""


class Publisher:
    """Publishes into one folder. Several threads may share one, and processes hold one each: locks let them
    in turn, and what overtakes does not wait for a set that is being written, verified or judged."""

    def __init__(self, folder: Path, sign: Sign, verify: Verify, gates: Sequence[Gate] = ()) -> None:
        """``verify`` checks what ``sign`` makes: all is read back, as a responder will, before it counts."""
        self._folder = folder
        self._sign = sign
        self._verify = verify
        self._reader = PublicationReader(folder, verify)
        self._gates = tuple(gates)

    def judged_by(self, gates: Sequence[Gate]) -> Self:
        """The same publisher, with all that it has verified already, under these gates."""
        other = copy(self)
        other._gates = tuple(gates)
        return other

    def current(self) -> Snapshot | None:
        """What is published now; None if nothing is yet. Raises ``invalid`` or OSError for a damaged folder.

        The first call reads every file to verify it; later ones only what is new.
        """
        document = self._document()
        while document is not None:
            try:
                return self._reader.load(Head.unsealed(document, self._verify))
            except (OSError, DomainError):
                document, seen = self._document(), document
                if document == seen:
                    raise
                # Another one has published meanwhile, and removed what is old.
        return None

    def head(self) -> Head | None:
        """What the head says, though what it points at be damaged; None when it cannot be read itself."""
        try:
            document = self._document()
            return Head.unsealed(document, self._verify) if document is not None else None
        except DomainError:
            return None

    def _document(self) -> bytes | None:
        try:
            return (self._folder / HEAD).read_bytes()
        except FileNotFoundError:
            return None

    def next_number(self, now: datetime) -> int:
        """A set number greater than any before, also when the folder was restored from yesterday's copy."""
        known = [each.head.set.number for each in (self.current(), self.staged()) if each]
        return max(*(number + 1 for number in known), 1, int(now.timestamp()))

    def staged(self) -> Snapshot | None:
        """The set that is being made in steps; None when there is none, or when it cannot be used."""
        try:
            document = (self._folder / _STAGED).read_bytes()
            return self._reader.load(Head.unsealed(document, self._verify))
        except (OSError, DomainError):
            return None

    def unstage(self) -> None:
        """Give up the set that is being made in steps; its files go with the next publication."""
        (self._folder / _STAGED).unlink(missing_ok=True)

    def stage(
        self,
        answers: Iterable[Answer],
        certificates: Mapping[str, bytes],
        number: int,
        now: datetime,
        *,
        generation: int = 0,
    ) -> Head:
        """Make a set in steps that nobody follows before ``publish`` puts it in force: this is one step.

        The first lies on what is published, if anything is; each judged by the gates. Raises as ``publish``.
        """
        self._make_folders()
        with locked(self._folder / _PUBLISH_LOCK):
            under = self.staged() or self.current()
            build = self._build(number, under, answers, (), now)
            made = self._place(build, "set", number, build.finish_set(certificates), now)
            head = Head(made, None, _generation(under, generation, now), now, complete=False)
            with self._kept_if_published("sets", number):
                self._judge(under, head, build.fresh)
            replace_file(self._folder / _STAGED, head.sealed(self._sign))
            self._remove_old("sets", number)
        return head

    def tell_incomplete(self) -> None:
        """Mark what is published: certificates that must be answered are missing in it."""
        with locked(self._folder / _SWITCH_LOCK):
            if before := self.current():
                head = replace(before.head, complete=False)
                replace_file(self._folder / HEAD, head.sealed(self._sign))

    def publish(
        self,
        answers: Iterable[Answer],
        crls: Iterable[Crl],
        certificates: Mapping[str, bytes],
        number: int,
        now: datetime,
        *,
        generation: int = 0,
        complete: bool = True,
        over_staged: bool = False,
    ) -> Head:
        """Publish a set: the one before, with these answers, CRLs and certificates (DER) added or renewed;
        ``over_staged`` the one made in steps, if there is one.

        An answer or CRL older than the published one is passed over (``Answer.revision``, ``Crl.number``).
        The head's generation is not lower than ``generation``, which is known though the folder be lost.
        Raises ``conflict`` if ``number`` does not grow or an authority's certificate changes, ``invalid`` for
        content that cannot be published, and what a gate raises; the state before then stays.
        """
        self._make_folders()
        with locked(self._folder / _PUBLISH_LOCK):
            before, staged = self.current(), self.staged() if over_staged else None
            build = self._build(number, staged or before, answers, crls, now)
            made = self._place(build, "set", number, build.finish_set(certificates), now)
            head = Head(made, None, _generation(before, generation, now), now, complete)
            with self._kept_if_published("sets", number):
                if staged and before:  # what overtook since the first step is not in it
                    with locked(self._folder / _SWITCH_LOCK):
                        head = self._switch(head, self.current() or before, [], [], build.fresh)
                else:
                    self._judge(before, head, build.fresh)
                    with locked(self._folder / _SWITCH_LOCK):
                        head = self._switch_set(head, before, build.fresh)
            self._remove_old("sets", number)
        return head

    def _build(
        self,
        number: int,
        under: Snapshot | None,
        answers: Iterable[Answer],
        crls: Iterable[Crl],
        now: datetime,
    ) -> Build:
        if under and number <= under.head.set.number:
            raise conflict(
                "Set %(number)d is not newer than set %(current)d.",
                number=number,
                current=under.head.set.number,
            )
        build = Build(empty_folder(self._folder / "sets" / ".building"), number, under, now)
        build.take(answers, crls)
        return build

    def _switch_set(self, head: Head, before: Snapshot | None, fresh: Sequence[tuple[str, Piece]]) -> Head:
        """Point the head at a set that was judged beside ``before``. What has overtaken since stays over it.

        What the set says of the same certificates, and what it withdraws, is judged once more: of others
        nothing has changed since.
        """
        newest, again = self.current(), fresh
        if newest is None or (before and newest.head == before.head):
            replace_file(self._folder / HEAD, head.sealed(self._sign))
            return head
        if before and newest.head.set == before.head.set:
            again = list(_concerned(fresh, before, newest))
        return self._switch(head, newest, [], [], again)

    def overtake(
        self,
        answers: Iterable[Answer],
        crls: Iterable[Crl],
        now: datetime,
        *,
        complete: bool | None = None,
    ) -> Head:
        """Publish a few answers and CRLs at once, ahead of the next set and of one being written now.

        Raises as ``publish`` does.
        """
        if self.current() is None:
            raise conflict("Nothing has been published yet.")
        with locked(self._folder / _SWITCH_LOCK):
            before = self.current()
            if before is None:
                raise conflict("Nothing has been published yet.")
            is_complete = before.head.complete if complete is None else complete
            bare = replace(before.head, overlay=None, time=now, complete=is_complete)
            head = self._switch(bare, before, list(answers), list(crls))
            self._remove_old("overlay", head.generation)
        return head

    def set_aside(self, name: str) -> Path:
        """Move everything published into the folder ``damaged/<name>``, for people to look at.

        The head goes first: cut off after that, the rest is removed as old by later sets.
        """
        self._make_folders()
        aside = self._folder / "damaged" / name
        with locked(self._folder / _PUBLISH_LOCK), locked(self._folder / _SWITCH_LOCK):
            aside.mkdir(parents=True)
            for part in (HEAD, _STAGED, "sets", "overlay"):
                if (self._folder / part).exists():
                    (self._folder / part).rename(aside / part)
            self._make_folders()
        return aside

    def _make_folders(self) -> None:
        for name in ("sets", "overlay"):
            (self._folder / name).mkdir(parents=True, exist_ok=True)

    def _switch(
        self,
        bare: Head,
        before: Snapshot,
        answers: list[Answer],
        crls: list[Crl],
        fresh: Iterable[tuple[str, Piece]] = (),
    ) -> Head:
        """Point the head at ``bare``'s set under an overlay: the new, and of the old one what it lacks."""
        now = bare.time
        generation = _generation(before, bare.generation, now)
        under = self._reader.load(bare)
        build = Build(empty_folder(self._folder / "overlay" / ".building"), generation + 1, under, now)
        build.take(answers, crls)
        content = build.finish_overlay(before.overlay)
        overlay = None
        if content:
            generation += 1
            overlay = self._place(build, "overlay", generation, content, now)
        head = replace(bare, overlay=overlay, generation=generation)
        with self._kept_if_published("overlay", generation) if overlay else nullcontext():
            self._judge(before, head, (*fresh, *build.fresh), len(answers))
        replace_file(self._folder / HEAD, head.sealed(self._sign))
        return head

    def _judge(
        self,
        before: Snapshot | None,
        head: Head,
        fresh: Iterable[tuple[str, Piece]],
        overtaking: int = 0,
    ) -> None:
        """Read back what was written, as a responder will, and call the gates."""
        candidate = Candidate(before, self._reader.load(head), overtaking, tuple(fresh))
        for gate in self._gates:
            gate(candidate)

    @contextmanager
    def _kept_if_published(self, name: str, number: int) -> Iterator[None]:
        """A folder that a gate holds back is removed: it is made anew at each attempt."""
        try:
            yield
        except DomainError:
            shutil.rmtree(self._folder / name / str(number), ignore_errors=True)
            raise

    def _place(
        self, build: Build, kind: str, number: int, content: dict[str, AuthorityRef], now: datetime
    ) -> FolderRef:
        manifest = Manifest(kind, number, now, content).sealed(self._sign)
        write_file(build.folder / MANIFEST, manifest)
        move_folder(build.folder, build.folder.parent / str(number))
        return FolderRef.of(number, manifest)

    def _remove_old(self, name: str, current: int) -> None:
        parent = self._folder / name
        numbers = sorted(int(path.name) for path in parent.iterdir() if path.name.isdecimal())
        head = self.head()
        in_force = head.set.number if head and name == "sets" else None  # others may be staged above it
        for number in [number for number in numbers if number <= current][:-_KEPT]:
            if number != in_force:
                shutil.rmtree(parent / str(number), ignore_errors=True)


def _concerned(
    fresh: Iterable[tuple[str, Piece]], before: Snapshot, newest: Snapshot
) -> Iterator[tuple[str, Piece]]:
    """Of fresh segments what is about certificates of which something new is said since, or withdraws."""
    for authority, segment in fresh:
        over = newest.overlay.segments.get(authority, ()) if newest.overlay else ()
        serials = {entry.serial for each in over for entry in each}
        changed = {
            serial
            for serial in serials
            if before.version(authority, serial) != newest.version(authority, serial)
        }
        entries = [entry for entry in segment if entry.is_withdrawn or entry.serial in changed]
        yield authority, Part(segment, entries)


def _generation(before: Snapshot | None, least: int, now: datetime) -> int:
    """In seconds, as set numbers and CRL numbers: so it grows though the folder is yesterday's copy."""
    return max(before.head.generation if before else 0, least, int(now.timestamp()))
