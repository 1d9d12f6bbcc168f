# SPDX-License-Identifier: EUPL-1.2
"""Hears which programs are ready: each says so itself (``varmentaja.notify``), and nobody for another."""

from __future__ import annotations

import os
import socket
import struct
from pathlib import Path

from varmentaja.notify import READY, VARIABLE

CREDENTIALS = struct.Struct("3i")
"""Process, user and group of who sent a message; the kernel fills it in (unix(7), SCM_CREDENTIALS)."""


class Readiness:
    """The supervisor's ear, a socket in the run folder."""

    def __init__(self, path: Path) -> None:
        self._path = path.resolve()
        self._path.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        self._socket.setblocking(False)
        self._socket.bind(str(self._path))
        self._path.chmod(0o600)

    @property
    def variables(self) -> dict[str, str]:
        """What tells a program whom to tell."""
        return {VARIABLE: str(self._path)}

    def heard(self) -> set[int]:
        """Who has become ready since the last time, by session: a server may say it from a worker of its."""
        sessions = set()
        while (sender := self._next()) is not None:
            if sender:
                sessions.add(sender)
        return sessions

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()
        self._path.unlink(missing_ok=True)

    def _next(self) -> int | None:
        """Session of the next message's sender, 0 for one that does not count, None when there is none."""
        try:
            said, extra, _, _ = self._socket.recvmsg(256, socket.CMSG_SPACE(CREDENTIALS.size))
        except BlockingIOError:
            return None
        for level, kind, data in extra:
            if (level, kind, said) == (socket.SOL_SOCKET, socket.SCM_CREDENTIALS, READY):
                return _session(CREDENTIALS.unpack(data[: CREDENTIALS.size])[0])
        return 0


def _session(process: int) -> int:
    try:
        return os.getsid(process)
    except ProcessLookupError:
        return 0
