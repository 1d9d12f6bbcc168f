# SPDX-License-Identifier: EUPL-1.2
"""Writing DER (X.690): the few types that certificates, CRLs and OCSP answers are made of.

Only encoding lives here; whatever comes from outside is parsed by ``cryptography``.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

NULL = b"\x05\x00"
TRUE = b"\x01\x01\xff"


def length_octets(length: int) -> bytes:
    """Encode a definite length."""
    if length < 0x80:
        return bytes([length])
    body = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(body)]) + body


def tlv(tag: int, *parts: bytes) -> bytes:
    """One element of ``tag`` whose content is the joined ``parts``."""
    content = b"".join(parts)
    size = len(content)
    if size < 0x80:  # nearly always
        return bytes((tag, size)) + content
    return bytes((tag,)) + length_octets(size) + content


def sequence(*parts: bytes) -> bytes:
    """SEQUENCE or SEQUENCE OF."""
    return tlv(0x30, *parts)


def set_of(*parts: bytes) -> bytes:
    """SET OF, its members in DER order."""
    return tlv(0x31, *sorted(parts))


def explicit(number: int, *parts: bytes) -> bytes:
    """A constructed context tag ``[number]`` around ``parts``."""
    return tlv(0xA0 | number, *parts)


def implicit(number: int, content: bytes) -> bytes:
    """A primitive context tag ``[number]`` with ``content`` octets."""
    return tlv(0x80 | number, content)


def integer(value: int) -> bytes:
    """INTEGER, shortest form."""
    return tlv(0x02, _shortest(value))


def enumerated(value: int) -> bytes:
    """ENUMERATED, shortest form."""
    return tlv(0x0A, _shortest(value))


def _shortest(value: int) -> bytes:
    bits = (value if value >= 0 else ~value).bit_length()
    return value.to_bytes(bits // 8 + 1, "big", signed=True)


def octet_string(value: bytes) -> bytes:
    """OCTET STRING."""
    return tlv(0x04, value)


def bit_string(value: bytes) -> bytes:
    """BIT STRING of whole octets."""
    return tlv(0x03, b"\x00", value)


def utf8_string(value: str) -> bytes:
    """UTF8String."""
    return tlv(0x0C, value.encode("utf-8"))


def printable_string(value: str) -> bytes:
    """PrintableString; the caller has checked the letters."""
    return tlv(0x13, value.encode("ascii"))


def ia5_string(value: str) -> bytes:
    """IA5String."""
    return tlv(0x16, value.encode("ascii"))


@lru_cache(maxsize=1024)
def oid(dotted: str) -> bytes:
    """OBJECT IDENTIFIER from dotted decimals of any size (2.25.<uuid> needs 128-bit arcs)."""
    arcs = [int(arc) for arc in dotted.split(".")]
    octets = b"".join(_base128(arc) for arc in [arcs[0] * 40 + arcs[1], *arcs[2:]])
    return tlv(0x06, octets)


def _base128(value: int) -> bytes:
    octets = [value & 0x7F]
    while value := value >> 7:
        octets.append(0x80 | (value & 0x7F))
    return bytes(reversed(octets))


@lru_cache(maxsize=256)
def generalized_time(moment: datetime) -> bytes:
    """GeneralizedTime in whole seconds of UTC."""
    return tlv(0x18, moment.astimezone(UTC).strftime("%Y%m%d%H%M%SZ").encode())


def time(moment: datetime) -> bytes:
    """Time of RFC 5280 §4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050."""
    if moment.astimezone(UTC).year >= 2050:
        return generalized_time(moment)
    return tlv(0x17, moment.astimezone(UTC).strftime("%y%m%d%H%M%SZ").encode())


def extension(dotted: str, value: bytes, *, critical: bool = False) -> bytes:
    """Extension of RFC 5280 §4.1: ``value`` is the DER of the extension's own type."""
    return sequence(oid(dotted), TRUE if critical else b"", octet_string(value))
