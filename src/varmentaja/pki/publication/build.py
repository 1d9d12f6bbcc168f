# SPDX-License-Identifier: EUPL-1.2
"""Writes the files of one set or overlay in a folder of its own, above what is published already."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from itertools import islice
from pathlib import Path

from varmentaja.domain.errors import conflict, invalid
from varmentaja.pki.publication.content import Answer, Crl, check_name
from varmentaja.pki.publication.files import FileRef, write_file
from varmentaja.pki.publication.manifest import AuthorityRef, CrlRef, SegmentRef
from varmentaja.pki.publication.reader import Folder, PublishedCrl, Snapshot
from varmentaja.pki.publication.segment import Entry, Segment, copy_run, merge, write_run

_RUN = 50_000
"""Answers sorted in memory at a time (about 100 MB)."""
_TIER = 4
"""An older segment is merged into the new one unless it is more than this many times larger. So a set has few
segments, and an answer is rewritten a few times in its life and not at every tick."""
_MOST = 200_000
"""No merge makes a segment of more answers (0.4 GB): a set costs publisher, mirrors and responders no more
than that, however many certificates there are. Large segments age, since answers are renewed every day."""
_CLOCKS_APART = 60
"""Seconds: what another process has dated later than now by no more is not wrong."""
_SAMPLE = 256
_ALIVE = 0.25
"""The oldest segment is taken apart when no more than this part of it still holds."""


class Build:
    """One set or overlay in the making. Take content, then call ``finish_set`` or ``finish_overlay`` once."""

    def __init__(self, folder: Path, number: int, under: Snapshot | None, now: datetime) -> None:
        self.folder = folder
        self._number = number
        self._under = under
        self._now = now
        """Nothing is dated later but by a wrong clock."""
        self._runs: dict[str, list[Segment]] = {}
        self.fresh: list[tuple[str, Segment]] = []
        """What ``take`` has written, by authority; stays open for gates when the files are merged away."""
        self._crls: dict[str, dict[str, CrlRef]] = {}

    def take(self, answers: Iterable[Answer], crls: Iterable[Crl]) -> None:
        """Write answers and CRLs, passing over those that are not newer than what lies under."""
        stream = iter(answers)
        while chunk := list(islice(stream, _RUN)):
            by_authority: dict[str, list[Answer]] = {}
            for answer in chunk:
                if self._is_newer(answer):
                    self._now = max(self._now, answer.this_update)
                    by_authority.setdefault(answer.authority, []).append(answer)
            for authority, group in by_authority.items():
                self._write_run(authority, group)
        for crl in crls:
            self._write_crl(crl)

    def finish_set(self, certificates: Mapping[str, bytes]) -> dict[str, AuthorityRef]:
        """Bring in what the state under this one holds, overlay included; return what the manifest lists."""
        under = self._under
        if under:
            if under.overlay:
                for authority, segments in under.overlay.segments.items():
                    self._runs.setdefault(authority, []).extend(segments)
            for (authority, shard), published in under.crls.items():
                self._keep_crl(authority, shard, published)
        certificate_refs = self._write_certificates(certificates)
        used = {*self._runs, *self._crls}
        if missing := used - set(certificate_refs):
            raise invalid("The certificate of “%(name)s” is missing.", name=min(missing))
        return {
            name: AuthorityRef(ref, self._finish_segments(name), self._crls.get(name, {}))
            for name, ref in certificate_refs.items()
        }

    def finish_overlay(self, before: Folder | None) -> dict[str, AuthorityRef]:
        """Keep of the overlay before what is newer than the set under; return what the manifest lists."""
        under = self._under
        assert under, "an overlay lies on a set"
        if before:
            for authority, segments in before.segments.items():
                self._runs.setdefault(authority, [])[:0] = segments
            for (authority, shard), crl in before.crls.items():
                self._keep_newer_crl(under, authority, shard, crl)
        if unknown := {*self._runs, *self._crls} - set(under.certificates):
            raise invalid("The certificate of “%(name)s” is missing.", name=min(unknown))
        finished = {}
        for name in sorted({*self._runs, *self._crls}):
            fresh = self._merge(name, self._runs.get(name, []), self._is_newer_entry(name))
            if fresh or self._crls.get(name):
                finished[name] = AuthorityRef(None, fresh, self._crls.get(name, {}))
        return finished

    def _finish_segments(self, authority: str) -> tuple[SegmentRef, ...]:
        """The set's segments, oldest first: old ones linked, the newest merged with those it has outgrown."""
        older = self._older_segments(authority)
        merging = self._runs.get(authority, [])
        if merging:
            while older and _go_together(older[-1][1], merging):
                merging = [older.pop()[1], *merging]
            if older and _is_outlived(older[0][1], [*(segment for _, segment in older[1:]), *merging]):
                merging = [
                    *self._survivors(authority, older.pop(0)[1], [each for _, each in older]),
                    *merging,
                ]
        for ref, _ in older:
            self._link(ref.index)
            self._link(ref.answers)
        # Only the oldest segment may leave out the withdrawn: in a newer one they hide what lies below.
        fresh = self._merge(authority, merging, lambda entry: bool(older) or not entry.is_withdrawn)
        return (*(ref for ref, _ in older), *fresh)

    def _survivors(self, authority: str, oldest: Segment, newer: list[Segment]) -> list[Segment]:
        """What of the oldest segment no newer one says better: it moves up among the newest. Nothing lies
        below that the withdrawn would hide."""
        kept = (
            entry
            for entry in oldest
            if not entry.is_withdrawn and not any(segment.find(entry.serial) for segment in newer)
        )
        name = f"{authority}.run{len(self._runs[authority])}"
        ref = copy_run(self.folder, name, oldest, kept)
        return [Segment(self.folder / ref.index.name, self.folder / ref.answers.name)]

    def _older_segments(self, authority: str) -> list[tuple[SegmentRef, Segment]]:
        if self._under is None or authority not in self._under.base.segments:
            return []
        refs, opened = self._base_authority(authority).segments, self._under.base.segments[authority]
        return list(zip(refs, opened, strict=True))

    def _merge(
        self, authority: str, segments: list[Segment], keep: Callable[[Entry], bool]
    ) -> tuple[SegmentRef, ...]:
        if not segments:
            return ()
        merged = merge(self.folder, f"{authority}.{self._number}", segments, keep, self._now)
        for run in self.folder.glob(f"{authority}.run*"):
            run.unlink()
        return (merged,) if merged else ()

    def _write_run(self, authority: str, answers: list[Answer]) -> None:
        runs = self._runs.setdefault(check_name(authority), [])
        ref = write_run(self.folder, f"{authority}.run{len(runs)}", answers)
        runs.append(Segment(self.folder / ref.index.name, self.folder / ref.answers.name))
        self.fresh.append((authority, runs[-1]))

    def _is_newer(self, answer: Answer) -> bool:
        version = answer.revision, int(answer.this_update.timestamp())
        return version > self._version_under(answer.authority, answer.serial)

    def _is_newer_entry(self, authority: str) -> Callable[[Entry], bool]:
        """For what lies in the overlay already; what a wrong clock dated gives way there, too."""
        latest = self._now.timestamp() + _CLOCKS_APART

        def is_newer(entry: Entry) -> bool:
            time = entry.this_update if entry.this_update <= latest else 0
            return (entry.revision, time) > self._version_under(authority, entry.serial)

        return is_newer

    def _version_under(self, authority: str, serial: int) -> tuple[int, int]:
        """Of what lies under. An answer that a wrong clock dated in the future, which clients refuse, gives
        way to any of its revision."""
        if self._under is None:
            return -1, 0
        revision, time = self._under.version(authority, serial)
        return revision, time if time <= self._now.timestamp() else 0

    def _write_crl(self, crl: Crl) -> None:
        authority, shard = check_name(crl.authority), check_name(crl.shard)
        published = self._under.crls.get((authority, shard)) if self._under else None
        if published and published.ref.number >= crl.number:
            return
        taken = self._crls.setdefault(authority, {})
        if shard in taken:
            raise invalid("Two CRLs are given for one shard of “%(name)s”.", name=authority)
        ref = write_file(self.folder / f"{authority}.{shard}.crl", crl.der)
        taken[shard] = CrlRef(ref, crl.number, crl.this_update, crl.next_update)

    def _keep_crl(self, authority: str, shard: str, crl: PublishedCrl) -> None:
        taken = self._crls.setdefault(authority, {})
        if shard not in taken:
            target = self.folder / crl.ref.file.name
            try:
                os.link(crl.path, target)
            except (
                FileNotFoundError
            ):  # that overlay was replaced and removed while this set was being written
                write_file(target, crl.der)
            taken[shard] = crl.ref

    def _keep_newer_crl(self, under: Snapshot, authority: str, shard: str, crl: PublishedCrl) -> None:
        published = under.crls.get((authority, shard))
        if published and published.ref.number >= crl.ref.number:
            return
        taken = self._crls.setdefault(authority, {})
        if shard in taken and taken[shard].number < crl.ref.number:
            (self.folder / taken.pop(shard).file.name).unlink()
        self._keep_crl(authority, shard, crl)

    def _write_certificates(self, certificates: Mapping[str, bytes]) -> dict[str, FileRef]:
        refs: dict[str, FileRef] = {}
        for name, published in self._under.certificates.items() if self._under else ():
            if certificates.get(name, published) != published:
                raise conflict("“%(name)s” is published with another certificate already.", name=name)
            ref = self._base_authority(name).certificate
            assert ref, "a set holds its authorities' certificates"
            self._link(ref)
            refs[name] = ref
        for name, der in certificates.items():
            if name not in refs:
                refs[name] = write_file(self.folder / f"{check_name(name)}.crt", der)
        return refs

    def _base_authority(self, name: str) -> AuthorityRef:
        assert self._under
        return self._under.base.manifest.authorities[name]

    def _link(self, ref: FileRef) -> None:
        assert self._under
        os.link(self._under.base.path / ref.name, self.folder / ref.name)


def _go_together(older: Segment, merging: list[Segment]) -> bool:
    new = sum(map(len, merging))
    return len(older) <= _TIER * new and len(older) + new <= _MOST


def _is_outlived(oldest: Segment, newer: list[Segment]) -> bool:
    """Whether newer segments have a word for most of its certificates, by a sample spread over them."""
    step = max(1, len(oldest) // _SAMPLE)
    sample = [oldest[place] for place in range(0, len(oldest), step)]
    alive = sum(not any(segment.find(entry.serial) for segment in newer) for entry in sample)
    return alive <= _ALIVE * len(sample)
