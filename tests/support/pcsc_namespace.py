# SPDX-License-Identifier: EUPL-1.2
"""Hold fresh mount and network namespaces (see pcsc.py): own /run, own loopback."""

from __future__ import annotations

import fcntl
import signal
import socket
import struct
import subprocess

SIOCSIFFLAGS, IFF_UP = 0x8914, 0x1


def main() -> None:
    """Prepare the namespaces, say so, and stay until killed."""
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
    print("ready", flush=True)
    signal.pause()


if __name__ == "__main__":
    main()
