# SPDX-License-Identifier: EUPL-1.2
"""BER-TLV as cards use it (ISO/IEC 7816-4 5.2.2): tags of one or two bytes, definite lengths up to 65535."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


class TlvError(ValueError):
    """Bytes that are not well-formed TLV."""


@dataclass(frozen=True, slots=True)
class Tlv:
    """One data object; ``children`` reads a constructed one."""

    tag: int
    value: bytes

    def children(self) -> list[Tlv]:
        """The data objects inside, in order."""
        return list(parse(self.value))

    def find(self, tag: int) -> Tlv | None:
        """The first object inside with this tag."""
        return next((child for child in self.children() if child.tag == tag), None)


def encode(tag: int, *values: bytes) -> bytes:
    """One data object whose value is the values joined."""
    value = b"".join(values)
    size = len(value)
    if size < 0x80:
        length = bytes((size,))
    elif size < 0x100:
        length = bytes((0x81, size))
    elif size < 0x10000:
        length = b"\x82" + size.to_bytes(2)
    else:
        raise TlvError("value too long")
    return tag.to_bytes(2 if tag > 0xFF else 1) + length + value


def parse(data: bytes) -> Iterator[Tlv]:
    """Read data objects to the end, skipping padding of 00 between them; TlvError if one is malformed."""
    offset = 0
    while offset < len(data):
        if data[offset] == 0:
            offset += 1
            continue
        tag, offset = _tag(data, offset)
        size, offset = _length(data, offset)
        if offset + size > len(data):
            raise TlvError("value cut short")
        yield Tlv(tag, data[offset : offset + size])
        offset += size


def single(data: bytes) -> Tlv:
    """The first data object; TlvError if there is none."""
    for item in parse(data):
        return item
    raise TlvError("no data object")


def _tag(data: bytes, offset: int) -> tuple[int, int]:
    first = data[offset]
    if first & 0x1F != 0x1F:
        return first, offset + 1
    if offset + 1 >= len(data) or data[offset + 1] & 0x80:
        raise TlvError("tag cut short or longer than two bytes")
    return first << 8 | data[offset + 1], offset + 2


def _length(data: bytes, offset: int) -> tuple[int, int]:
    if offset >= len(data):
        raise TlvError("no length")
    first = data[offset]
    if first < 0x80:
        return first, offset + 1
    count = first & 0x7F
    if count not in (1, 2) or offset + 1 + count > len(data):
        raise TlvError("unusable length")
    return int.from_bytes(data[offset + 1 : offset + 1 + count]), offset + 1 + count
