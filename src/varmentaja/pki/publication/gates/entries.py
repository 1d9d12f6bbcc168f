# SPDX-License-Identifier: EUPL-1.2
"""The entries of a published revocation list, gone through piece by piece: a list of a million is never held.

Only tags and lengths (X.690 §8.1) are read here, by code that shares nothing with what encodes lists
(``pki.der``). What stands in the frame of a list, and in entries that are new in it, ``cryptography`` reads.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from itertools import zip_longest

from cryptography import x509

_PIECE = 1 << 19
"""Octets looked at together, at least one entry."""
_FEW = 16
"""So many serial numbers are looked for by their octets; for more, every entry is looked at."""
_SEQUENCE = 0x30
_TIMES = (0x17, 0x18)
_AT_ONCE = 5_000


class Entries:
    """Those of one list; ``frame`` is the list without them. Raises ValueError for what is not a list."""

    def __init__(self, der: bytes | mmap.mmap) -> None:
        self._der = der
        outer, end = _sequence(der, 0)
        if end != len(der):
            raise ValueError("a list with something after it")
        place, self._tbs_end = _sequence(der, outer)
        self._tbs, self._seal = place, bytes(der[self._tbs_end : end])
        while place < self._tbs_end:  # the entries come after the last of the times
            tag, _, place = _header(der, place)
            if tag in _TIMES and (place == self._tbs_end or der[place] not in _TIMES):
                break
        self._before = bytes(der[self._tbs : place])
        self._start = self._end = place
        if place < self._tbs_end and der[place] == _SEQUENCE:
            self._start, self._end = _sequence(der, place)
        self._after = bytes(der[self._end : self._tbs_end])
        self.frame = self._read([])

    def __len__(self) -> int:
        return sum(len(_split(piece)) for piece in self._pieces())

    def named(self, serials: frozenset[int]) -> frozenset[int]:
        """Which of these it names."""
        if not serials:
            return serials
        marks = {_mark(serial): serial for serial in serials}
        found: set[int] = set()
        for piece in self._pieces():
            if len(marks) > _FEW or any(mark in piece for mark in marks):
                found.update(marks[mark] for mark in marks.keys() & _marks_in(piece))
        return frozenset(found)

    def serials(self) -> frozenset[int]:
        """All: for lists that are known to be short, or when each of them is news."""
        return self._serials_of([entry for piece in self._pieces() for entry in _split(piece)])

    def compared(self, other: Entries) -> tuple[frozenset[int], frozenset[int]]:
        """Serial numbers that only this one names, and that only ``other`` does.

        What both have alike is let go as soon as it is found, which is at once where the order is the same.
        """
        mine, others = set[bytes](), set[bytes]()
        for piece, another in zip_longest(self._pieces(), other._pieces(), fillvalue=b""):
            if piece != another:
                mine.update(_split(piece))
                others.update(_split(another))
                alike = mine & others
                mine -= alike
                others -= alike
        here, there = self._serials_of(list(mine)), other._serials_of(list(others))
        return here - there, there - here

    def _serials_of(self, entries: list[bytes]) -> frozenset[int]:
        return frozenset(
            entry.serial_number
            for place in range(0, len(entries), _AT_ONCE)
            for entry in self._read(entries[place : place + _AT_ONCE])
        )

    def _read(self, entries: list[bytes]) -> x509.CertificateRevocationList:
        """A list of these entries alone, with this one's words around them (its signature does not fit)."""
        listed = _wrapped(b"".join(entries)) if entries else b""
        tbs = _wrapped(self._before + listed + self._after)
        return x509.load_der_x509_crl(_wrapped(tbs + self._seal))

    def _pieces(self) -> Iterator[bytes]:
        """Whole entries together. What was looked at need not stay in memory: a file is mapped."""
        place = self._start
        while place < self._end:
            piece = bytes(self._der[place : min(place + _PIECE, self._end)])
            whole = _whole(piece)
            if not whole:
                _, _, end = _header(self._der, place)  # one that is longer than a piece
                whole = min(end, self._end) - place
                piece = bytes(self._der[place : place + whole])
            yield piece[:whole]
            if isinstance(self._der, mmap.mmap):
                self._der.madvise(mmap.MADV_DONTNEED)
            place += whole


def _header(der: bytes | mmap.mmap, place: int) -> tuple[int, int, int]:
    """Tag, where the content begins, where it ends."""
    tag, length, start = der[place], der[place + 1], place + 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(der[place + 2 : start], "big")
    if start + length > len(der):
        raise ValueError("cut off")
    return tag, start, start + length


def _sequence(der: bytes | mmap.mmap, place: int) -> tuple[int, int]:
    """Where the content of a SEQUENCE begins and ends."""
    _, start, end = _header(der, place)
    if der[place:start] != _opening(end - start):
        raise ValueError("not a SEQUENCE")
    return start, end


def _whole(piece: bytes) -> int:
    """Up to where whole entries go."""
    place, size = 0, len(piece)
    while place + 1 < size:
        length = piece[place + 1]
        end = place + 2 + length
        if length & 0x80:
            if place + 2 + (length & 0x7F) > size:
                break
            end = place + 2 + (length & 0x7F) + int.from_bytes(piece[place + 2 :][: length & 0x7F], "big")
        if piece[place] != _SEQUENCE:
            raise ValueError("not an entry of a list")
        if end > size:
            break
        place = end
    return place


def _split(piece: bytes) -> list[bytes]:
    entries = []
    place = 0
    while place < len(piece):
        length = piece[place + 1]
        end = place + 2 + length if length < 0x80 else _header(piece, place)[2]
        entries.append(piece[place:end])
        place = end
    return entries


def _marks_in(piece: bytes) -> set[bytes]:
    """The serial numbers of whole entries as they stand there: each an INTEGER, the first member."""
    marks = set()
    place = 0
    while place < len(piece):
        start, length = place + 2, piece[place + 1]
        place = start + length
        if length & 0x80:
            _, start, place = _header(piece, start - 2)
        marks.add(piece[start : start + 2 + piece[start + 1]])  # RFC 5280 §4.1.2.2: 20 octets at the most
    return marks


def _mark(serial: int) -> bytes:
    octets = serial.to_bytes(serial.bit_length() // 8 + 1, "big")
    return bytes((2, len(octets))) + octets


def _wrapped(content: bytes) -> bytes:
    """In a SEQUENCE."""
    return _opening(len(content)) + content


def _opening(size: int) -> bytes:
    """Tag and length of a SEQUENCE."""
    if size < 0x80:
        return bytes((_SEQUENCE, size))
    octets = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((_SEQUENCE, 0x80 | len(octets))) + octets
