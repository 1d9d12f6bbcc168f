# SPDX-License-Identifier: EUPL-1.2
"""Reading DER strictly, for the few structures that ``cryptography`` does not read for us."""

from __future__ import annotations

from typing import Self


class Reader:
    """Elements of one constructed value, in order. Whatever is not DER raises ValueError."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._position = 0

    @classmethod
    def whole(cls, der: bytes, tag: int) -> Self:
        """The content of ``der``, which must be one element of ``tag`` and nothing after it."""
        outer = cls(der)
        content = outer.read(tag)
        outer.end()
        return cls(content)

    def next_tag(self) -> int | None:
        """Tag of the next element, None at the end."""
        return self._content[self._position] if self._position < len(self._content) else None

    def read(self, tag: int) -> bytes:
        """Content of the next element, which must be of ``tag``."""
        if self.next_tag() != tag:
            raise ValueError("unexpected element")
        start, length = self._length(self._position + 1)
        if start + length > len(self._content):
            raise ValueError("element is cut off")
        self._position = start + length
        return self._content[start : start + length]

    def enter(self, tag: int) -> Reader:
        """A reader of the next element's content."""
        return Reader(self.read(tag))

    def optional(self, tag: int) -> Reader | None:
        """A reader of the next element's content if it is of ``tag``."""
        return self.enter(tag) if self.next_tag() == tag else None

    def end(self) -> None:
        """Nothing may follow."""
        if self._position != len(self._content):
            raise ValueError("something follows the last element")

    def at_end(self) -> bool:
        """Whether all was read."""
        return self._position == len(self._content)

    def integer(self) -> int:
        """An INTEGER in shortest form."""
        content = self.read(0x02)
        if not content or (len(content) > 1 and content[0] in (0, 0xFF) and (content[0] ^ content[1]) < 0x80):
            raise ValueError("INTEGER is not in shortest form")
        return int.from_bytes(content, "big", signed=True)

    def _length(self, position: int) -> tuple[int, int]:
        """Where the content begins, and its length."""
        octets = self._content[position : position + 5]
        if not octets or octets[0] == 0x80 or octets[0] > 0x84:
            raise ValueError("length is missing, indefinite or too large")
        if octets[0] < 0x80:
            return position + 1, octets[0]
        count = octets[0] & 0x7F
        length = int.from_bytes(octets[1 : 1 + count], "big")
        if len(octets) < 1 + count or length < 0x80 or octets[1] == 0:
            raise ValueError("length is not in shortest form")
        return position + 1 + count, length
