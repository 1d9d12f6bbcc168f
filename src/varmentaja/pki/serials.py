# SPDX-License-Identifier: EUPL-1.2
"""Serial numbers of certificates, as text."""

from __future__ import annotations

from collections.abc import Callable

SERIAL_BYTES = 16


def new_serial(random: Callable[[int], bytes]) -> str:
    """A serial number as text: 32 hexadecimal digits, 126 random bits, always 16 octets and positive."""
    octets = bytearray(random(SERIAL_BYTES))
    octets[0] = 0x40 | (octets[0] & 0x3F)
    return octets.hex()


def serial_text(number: int) -> str:
    """A serial number as we write it: hexadecimal, small letters, whole octets."""
    text = f"{number:x}"
    return text.zfill(len(text) + len(text) % 2)
