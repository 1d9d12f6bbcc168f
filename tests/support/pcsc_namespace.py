# SPDX-License-Identifier: EUPL-1.2
"""Become pcscd inside fresh mount and network namespaces (see pcsc.py): own /run, own loopback."""

from __future__ import annotations

import fcntl
import os
import socket
import struct
import subprocess
import sys

SIOCSIFFLAGS, IFF_UP = 0x8914, 0x1


def main(config: str) -> None:
    """Prepare the namespaces, then exec pcscd."""
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
    os.execv("/usr/sbin/pcscd", ["pcscd", "--foreground", "--config", config])


if __name__ == "__main__":
    main(sys.argv[1])
