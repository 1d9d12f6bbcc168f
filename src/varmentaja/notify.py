# SPDX-License-Identifier: EUPL-1.2
"""A program says that it does its work from now on, to whoever started it and wants to know (sd_notify(3)).

The demo's supervisor listens; systemd would, too (``Type=notify``, ``NotifyAccess=all``).
"""

from __future__ import annotations

import contextlib
import os
import socket

VARIABLE = "NOTIFY_SOCKET"
READY = b"READY=1"


def say_ready() -> None:
    """Say it; where nobody wants to know, nothing happens."""
    address = os.environ.get(VARIABLE)
    if not address:
        return
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.sendto(READY, address)
