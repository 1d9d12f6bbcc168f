# SPDX-License-Identifier: EUPL-1.2
"""One windowed program for a person: a second start brings the first one's window to the front."""

from __future__ import annotations

import getpass
import os
import time
from pathlib import Path

from PySide6.QtCore import QLockFile, QObject, Signal
from PySide6.QtNetwork import QLocalServer, QLocalSocket

from varmentaja.domain.errors import unavailable

_PATIENCE = 5000
"""Milliseconds within which a running program answers."""
_STARTING = 1.0
"""Seconds within which a program that has the lock listens."""
_OVER = QLocalSocket.LocalSocketState.UnconnectedState


class Single(QObject):
    """The right to be the one program on a state folder; ``called`` when another start wants the window."""

    called = Signal()

    def __init__(self, folder: Path) -> None:
        """``folder`` is made when it is not there."""
        super().__init__()
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock_file = folder / "window.lock"
        self._lock = QLockFile(str(self._lock_file))
        self._lock.setStaleLockTime(0)  # however long it runs; a lock whose process has ended is taken over
        # Windows has named pipes, and no sockets in folders.
        self._address = (
            str(folder / "window.sock") if os.name == "posix" else f"varmentaja-reader-{getpass.getuser()}"
        )
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._hear)

    def take(self) -> bool:
        """Whether this is the first; otherwise the first one's window comes to the front. Raises unavailable
        when the first does not answer."""
        if self._begin():
            return True
        caller = self._connect()
        if caller is None:
            # Nobody listens: the lock is another computer's, or from before this one got another name.
            self._lock_file.unlink(missing_ok=True)
            return self._begin()
        # The answer is the end of the connection: only a program whose window lives hangs up.
        if caller.state() is not _OVER and not caller.waitForDisconnected(_PATIENCE):
            raise unavailable(
                "The card reader program is open already, but it does not answer. End it, or log out of the "
                "computer and in again."
            )
        return False

    def _begin(self) -> bool:
        if not self._lock.tryLock(0):
            return False
        QLocalServer.removeServer(self._address)  # left by a program that was killed
        self._server.listen(self._address)
        return True

    def _connect(self) -> QLocalSocket | None:
        """A connection to the first program, which may be starting just now; None when there is none."""
        caller = QLocalSocket(self)
        end = time.monotonic() + _STARTING
        while time.monotonic() < end:
            caller.connectToServer(self._address)
            if caller.waitForConnected(_PATIENCE):
                return caller
            time.sleep(0.05)
        return None

    def close(self) -> None:
        """Let another program be the one."""
        self._server.close()
        self._lock.unlock()

    def _hear(self) -> None:
        while (caller := self._server.nextPendingConnection()) is not None:
            caller.disconnected.connect(caller.deleteLater)
            caller.disconnectFromServer()
            self.called.emit()
