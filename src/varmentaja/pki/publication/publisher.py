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
from dataclasses import dataclass
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
from varmentaja.pki.publication.segment import Segment

_KEPT = 3
"""Sets and overlays left on disk: the current one and those that a slow reader may be opening."""


@dataclass(frozen=True, eq=False)
class Candidate:
    """What a gate judges: the state about to be published, beside the one that is."""

    before: Snapshot | None
    after: Snapshot
    overtaking: int
    """Number of answers that overtake; 0 for a regular set."""
    fresh: tuple[tuple[str, Segment], ...]
    """Authority and answers that are not in ``before``."""


Gate = Callable[[Candidate], None]
"""Raises ``DomainError`` to hold a publication back."""


class Publisher:
    """Publishes into one folder. Several processes may hold one each: locks let them in turn."""

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
        try:
            document = (self._folder / HEAD).read_bytes()
        except FileNotFoundError:
            return None
        return self._reader.load(Head.unsealed(document, self._verify))

    def next_number(self, now: datetime) -> int:
        """A set number greater than any before, also when the folder was restored from yesterday's copy."""
        snapshot = self.current()
        return max(snapshot.head.set.number + 1 if snapshot else 1, int(now.timestamp()))

    def publish(
        self,
        answers: Iterable[Answer],
        crls: Iterable[Crl],
        certificates: Mapping[str, bytes],
        number: int,
        now: datetime,
    ) -> Head:
        """Publish a set: the one before, with these answers, CRLs and certificates (DER) added or renewed.

        An answer or CRL older than the published one is passed over (``Answer.revision``, ``Crl.number``).
        Raises ``conflict`` if ``number`` does not grow or an authority's certificate changes, ``invalid`` for
        content that cannot be published, and what a gate raises; the state before then stays.
        """
        for name in ("sets", "overlay"):
            (self._folder / name).mkdir(parents=True, exist_ok=True)
        with locked(self._folder / ".publish.lock"):
            before = self.current()
            if before and number <= before.head.set.number:
                raise conflict(
                    "Set %(number)d is not newer than set %(current)d.",
                    number=number,
                    current=before.head.set.number,
                )
            build = Build(empty_folder(self._folder / "sets" / ".building"), number, before)
            build.take(answers, crls)
            made = self._place(build, "set", number, build.finish_set(certificates), now)
            with locked(self._folder / ".switch.lock"), self._kept_if_published("sets", number):
                head = self._switch(made, self.current(), [], [], now, build.fresh)
            self._remove_old("sets", number)
        return head

    def overtake(self, answers: Iterable[Answer], crls: Iterable[Crl], now: datetime) -> Head:
        """Publish a few answers and CRLs at once, ahead of the next set and of one being written now.

        Raises as ``publish`` does.
        """
        if self.current() is None:
            raise conflict("Nothing has been published yet.")
        with locked(self._folder / ".switch.lock"):
            before = self.current()
            if before is None:
                raise conflict("Nothing has been published yet.")
            head = self._switch(before.head.set, before, list(answers), list(crls), now)
            self._remove_old("overlay", head.generation)
        return head

    def _switch(
        self,
        base: FolderRef,
        before: Snapshot | None,
        answers: list[Answer],
        crls: list[Crl],
        now: datetime,
        fresh: Sequence[tuple[str, Segment]] = (),
    ) -> Head:
        """Point the head at ``base`` under an overlay: the new, and of the old one what ``base`` lacks."""
        # In seconds, as set numbers and CRL numbers: so it grows though the folder is yesterday's copy.
        generation = max(before.head.generation if before else 0, int(now.timestamp()))
        under = self._reader.load(Head(base, None, generation, now))
        build = Build(empty_folder(self._folder / "overlay" / ".building"), generation + 1, under)
        build.take(answers, crls)
        content = build.finish_overlay(before.overlay if before else None)
        overlay = None
        if content:
            generation += 1
            overlay = self._place(build, "overlay", generation, content, now)
        head = Head(base, overlay, generation, now)
        with self._kept_if_published("overlay", generation) if overlay else nullcontext():
            candidate = Candidate(before, self._reader.load(head), len(answers), (*fresh, *build.fresh))
            for gate in self._gates:
                gate(candidate)
        replace_file(self._folder / HEAD, head.sealed(self._sign))
        return head

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
        for number in [number for number in numbers if number <= current][:-_KEPT]:
            shutil.rmtree(parent / str(number), ignore_errors=True)
