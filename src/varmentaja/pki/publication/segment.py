# SPDX-License-Identifier: EUPL-1.2
"""A sorted run of OCSP answers of one authority: a fixed-width index and the answers it points into.

An index record is 56 bytes, little-endian: the low 64 bits of the serial number, its high 96 bits
(big-endian), revision, lengths of the two answers, offset of the first in the other file, thisUpdate and
nextUpdate in Unix seconds. Records are ordered by low, then high bits. Serials are random, so the low bits
alone nearly always decide, and as a column of machine words they are searched without Python code per step.
"""

from __future__ import annotations

import heapq
import struct
import sys
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import NamedTuple, Self

from varmentaja.pki.publication.content import Answer
from varmentaja.pki.publication.files import HashedFile, map_file
from varmentaja.pki.publication.manifest import SegmentRef

_RECORD = struct.Struct("<Q12sIIIQQQ")
_WORDS = _RECORD.size // 8
_LOW = (1 << 64) - 1
_LIMIT = 1 << 160  # RFC 5280 §4.1.2.2: at most 20 octets

assert sys.byteorder == "little", "the index is searched in place, as little-endian words"


class Entry(NamedTuple):
    """One index record."""

    low: int
    high: bytes
    revision: int
    sha1_size: int
    sha256_size: int
    offset: int
    this_update: int
    """Unix seconds."""
    next_update: int

    @property
    def serial(self) -> int:
        """The certificate's serial number."""
        return int.from_bytes(self.high, "big") << 64 | self.low

    @property
    def version(self) -> tuple[int, int]:
        """Of two entries for one serial the greater version holds."""
        return self.revision, self.this_update

    @property
    def is_withdrawn(self) -> bool:
        """Whether there is no answer (any more)."""
        return not self.sha1_size


class Segment:
    """A segment opened for reading; safe for many threads."""

    def __init__(self, index: Path, answers: Path) -> None:
        self._index = map_file(index)
        self._answers = map_file(answers)
        self._lows: Sequence[int] = memoryview(self._index).cast("Q")[::_WORDS]
        self._count = len(self._lows)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, position: int) -> Entry:
        return Entry._make(_RECORD.unpack_from(self._index, position * _RECORD.size))

    def __iter__(self) -> Iterator[Entry]:
        return map(Entry._make, _RECORD.iter_unpack(self._index))

    def find(self, serial: int) -> Entry | None:
        """Return the record of a serial number, or None."""
        parts = parts_of(serial)
        return self.find_parts(*parts) if parts else None

    def find_parts(self, low: int, high: bytes) -> Entry | None:
        """The same by a serial number's parts, for who looks in many segments."""
        lows = self._lows
        position = bisect_left(lows, low)
        while position < self._count and lows[position] == low:
            entry = Entry._make(_RECORD.unpack_from(self._index, position * _RECORD.size))
            if entry.high == high:
                return entry
            position += 1
        return None

    def sha1(self, entry: Entry) -> bytes:
        """The DER answer whose CertID uses SHA-1."""
        return self._answers[entry.offset : entry.offset + entry.sha1_size]

    def both(self, entry: Entry) -> bytes:
        """Both answers, one after the other."""
        return self._answers[entry.offset : entry.offset + entry.sha1_size + entry.sha256_size]

    def sha256(self, entry: Entry) -> bytes:
        """The DER answer whose CertID uses SHA-256."""
        start = entry.offset + entry.sha1_size
        return self._answers[start : start + entry.sha256_size]


class Part:
    """Some entries of a segment."""

    def __init__(self, segment: Segment | Part, entries: Sequence[Entry]) -> None:
        self._entries = entries
        self._segment = segment

    def __len__(self) -> int:
        return len(self._entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self._entries)

    def sha1(self, entry: Entry) -> bytes:
        """As the segment's."""
        return self._segment.sha1(entry)

    def sha256(self, entry: Entry) -> bytes:
        """As the segment's."""
        return self._segment.sha256(entry)


Piece = Segment | Part
"""What a publication brings, as the gates read it."""


def parts_of(serial: int) -> tuple[int, bytes] | None:
    """Its low 64 and high 96 bits; None for what is no serial number."""
    if not 0 <= serial < _LIMIT:
        return None
    return serial & _LOW, (serial >> 64).to_bytes(12, "big")


class SegmentWriter:
    """Writes ``<name>.index`` and ``<name>.answers``; records must come in order. Use with ``with``."""

    ref: SegmentRef

    def __init__(self, folder: Path, name: str) -> None:
        self._index = HashedFile(folder / f"{name}.index")
        self._answers = HashedFile(folder / f"{name}.answers")
        self._count = 0
        self._last: tuple[int, bytes] = (-1, b"")

    def add(self, entry: Entry, sha1: bytes, sha256: bytes) -> None:
        """Append one record (its sizes and offset are set here)."""
        self.copy(entry._replace(sha1_size=len(sha1), sha256_size=len(sha256)), sha1 + sha256)

    def copy(self, entry: Entry, answers: bytes) -> None:
        """Append a record whose sizes are right, with both its answers."""
        key = entry[:2]
        assert key > self._last, "records out of order"
        self._last = key
        low, high, revision, sha1_size, sha256_size, _, this_update, next_update = entry
        offset = self._answers.size
        self._index.write(
            _RECORD.pack(low, high, revision, sha1_size, sha256_size, offset, this_update, next_update)
        )
        self._answers.write(answers)
        self._count += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._index.__exit__(kind, error, trace)
        self._answers.__exit__(kind, error, trace)
        if kind is None:
            self.ref = SegmentRef(self._index.ref, self._answers.ref, self._count)


def entry_of(answer: Answer) -> Entry:
    """The record of an answer, not yet placed; ValueError or OverflowError for an impossible serial."""
    if answer.serial < 0:
        raise ValueError("a serial number is not negative")
    high = (answer.serial >> 64).to_bytes(12, "big")
    times = _seconds(answer.this_update), _seconds(answer.next_update)
    sizes = len(answer.sha1), len(answer.sha256)
    return Entry(answer.serial & _LOW, high, answer.revision, *sizes, 0, *times)


def write_run(folder: Path, name: str, answers: Iterable[Answer]) -> SegmentRef:
    """Sort answers of one authority in memory and write them; of two for a serial the newest stays."""
    newest: dict[tuple[int, bytes], tuple[Entry, Answer]] = {}
    for answer in answers:
        entry = entry_of(answer)
        key = entry.low, entry.high
        if key not in newest or newest[key][0].version <= entry.version:
            newest[key] = entry, answer
    with SegmentWriter(folder, name) as writer:
        for key in sorted(newest):
            entry, answer = newest[key]
            writer.add(entry, answer.sha1, answer.sha256)
    return writer.ref


def copy_run(folder: Path, name: str, segment: Segment, entries: Iterable[Entry]) -> SegmentRef:
    """Write some of a segment's entries, in its order."""
    with SegmentWriter(folder, name) as writer:
        for entry in entries:
            writer.copy(entry, segment.both(entry))
    return writer.ref


def merge(
    folder: Path, name: str, segments: Sequence[Segment], keep: Callable[[Entry], bool], now: datetime
) -> SegmentRef | None:
    """Write the newest version of each serial that ``keep`` accepts; None when nothing stays.

    Of one revision, what was dated later than ``now`` by a wrong clock gives way to all else.
    """
    second = _seconds(now)
    ordered = heapq.merge(*(_ranked(segment, rank, second) for rank, segment in enumerate(segments)))
    with SegmentWriter(folder, name) as writer:
        for *_, rank, entry in _last_of_each(ordered):
            if keep(entry):
                writer.copy(entry, segments[rank].both(entry))
    if writer.ref.count:
        return writer.ref
    (folder / writer.ref.index.name).unlink()
    (folder / writer.ref.answers.name).unlink()
    return None


_Ranked = tuple[int, bytes, int, int, int, Entry]


def _ranked(segment: Segment, rank: int, now: int) -> Iterator[_Ranked]:
    """Entries after what they are ordered by: serial, version, then the later segment."""
    return (
        (entry[0], entry[1], entry[2], entry[6] if entry[6] <= now else 0, rank, entry) for entry in segment
    )


def _last_of_each(ordered: Iterable[_Ranked]) -> Iterator[_Ranked]:
    """Of those in a row for one serial the last, which is the newest. (``groupby`` takes twice the time.)"""
    held: _Ranked | None = None
    for item in ordered:
        if held is not None and (item[0] != held[0] or item[1] != held[1]):
            yield held
        held = item
    if held is not None:
        yield held


def _seconds(time: datetime) -> int:
    return int(time.timestamp())
