# SPDX-License-Identifier: EUPL-1.2
"""Command and response APDUs (ISO/IEC 7816-3 and 7816-4): encoding, chaining, GET RESPONSE."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

CHAINING = 0x10
"""CLA bit: more of this command follows."""
MAX_SHORT = 255
MAX_EXTENDED = 65_535
_MOST_PARTS = 16
"""Of one answer: what cards tell at once is 4 kB at most."""

OK = 0x9000


class ApduError(ValueError):
    """Bytes that are not a command or response APDU."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command APDU; ``le`` is the number of bytes expected (256 or 65536: all there are), or None."""

    cla: int
    ins: int
    p1: int
    p2: int
    data: bytes = b""
    le: int | None = None

    def encode(self) -> bytes:
        """The shortest form: short if data and ``le`` allow, else extended."""
        head = bytes((self.cla, self.ins, self.p1, self.p2))
        if len(self.data) > MAX_EXTENDED or (self.le or 0) > MAX_EXTENDED + 1:
            raise ApduError("too long for an extended APDU")
        if len(self.data) <= MAX_SHORT and (self.le or 0) <= MAX_SHORT + 1:
            lc = bytes((len(self.data),)) if self.data else b""
            le = b"" if self.le is None else bytes((self.le & 0xFF,))
            return head + lc + self.data + le
        lc = b"\0" + len(self.data).to_bytes(2) if self.data else b""
        le = b"" if self.le is None else (self.le & 0xFFFF).to_bytes(2)
        if self.le is not None and not self.data:
            le = b"\0" + le
        return head + lc + self.data + le

    @classmethod
    def parse(cls, raw: bytes) -> Command:
        """Read any of the seven forms of ISO/IEC 7816-3 12.1.3; ApduError if it is none of them."""
        if len(raw) < 4:
            raise ApduError("shorter than a header")
        cla, ins, p1, p2 = raw[:4]
        data, le = _body(raw[4:])
        return cls(cla, ins, p1, p2, data, le)


def _body(body: bytes) -> tuple[bytes, int | None]:
    """Data and Le of what follows the header."""
    if not body:
        return b"", None
    if len(body) == 1:
        return b"", body[0] or 256
    if body[0]:
        return _split(body[1:], body[0], le_size=1)
    if len(body) == 3:
        return b"", int.from_bytes(body[1:]) or MAX_EXTENDED + 1
    if len(body) < 3:
        raise ApduError("length does not fit")
    length = int.from_bytes(body[1:3])
    if length == 0:
        raise ApduError("extended length of nothing")
    return _split(body[3:], length, le_size=2)


def _split(rest: bytes, length: int, *, le_size: int) -> tuple[bytes, int | None]:
    if len(rest) == length:
        return rest, None
    if len(rest) == length + le_size:
        return rest[:length], int.from_bytes(rest[length:]) or 256**le_size
    raise ApduError("length does not fit")


@dataclass(frozen=True, slots=True)
class Response:
    """A response APDU: data and status word."""

    data: bytes
    status: int

    @classmethod
    def parse(cls, raw: bytes) -> Response:
        """ApduError if there is not even a status word."""
        if len(raw) < 2:
            raise ApduError("no status word")
        return cls(raw[:-2], int.from_bytes(raw[-2:]))

    @property
    def ok(self) -> bool:
        """True for 9000."""
        return self.status == OK

    @property
    def tries_left(self) -> int | None:
        """The x of 63Cx, or None."""
        return self.status & 0x0F if self.status & 0xFFF0 == 0x63C0 else None


def exchange(transmit: Callable[[bytes], bytes], command: Command) -> Response:
    """Send one command in short APDUs (chained if need be) and collect the whole answer.

    ApduError for an answer that is none, or that never ends."""
    for part in chain(command):
        response = Response.parse(transmit(part.encode()))
        if not response.ok and part.cla & CHAINING:
            return response
    if response.status >> 8 == 0x6C:
        response = Response.parse(transmit(replace(part, le=response.status & 0xFF or 256).encode()))
    data = response.data
    for _ in range(_MOST_PARTS):
        if response.status >> 8 != 0x61:
            return Response(data, response.status)
        more = Command(command.cla & ~CHAINING, 0xC0, 0, 0, le=response.status & 0xFF or 256)
        response = Response.parse(transmit(more.encode()))
        data += response.data
    raise ApduError("an answer without end")


def chain(command: Command) -> Iterator[Command]:
    """The command as short APDUs; all but the last carry the chaining bit (ISO/IEC 7816-4 5.3.3)."""
    short_le = None if command.le is None else min(command.le, 256)
    rest = command.data
    while len(rest) > MAX_SHORT:
        yield replace(command, cla=command.cla | CHAINING, data=rest[:MAX_SHORT], le=None)
        rest = rest[MAX_SHORT:]
    yield replace(command, data=rest, le=short_le)
