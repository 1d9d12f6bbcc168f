# SPDX-License-Identifier: EUPL-1.2
"""Runs a program that ends with the one that started it, however that one ends (``kill -9`` included).

``python leash.py SIGNAL PARENT PROGRAM ARGUMENT…`` asks the kernel for SIGNAL when its parent dies, then
becomes PROGRAM. A program of its own, because a change of user namespace (see ``embedded_postgres``) makes
the kernel forget the request: it must be made inside. Imports nothing of ours, so that it starts at once.
"""

from __future__ import annotations

import ctypes
import os
import sys
from pathlib import Path

PR_SET_PDEATHSIG = 1


def end_with_parent(signal: int, parent: int) -> None:
    """Have ``signal`` sent to this process when its parent ends; end now if ``parent`` is gone already."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0)
    if os.getppid() != parent:
        raise SystemExit("the program that started this one has ended")


def leashed(signal: int, command: list[str], *, inside: tuple[str, ...] = ()) -> list[str]:
    """``command`` on a leash held by this process; ``inside`` is a prefix such as ``unshare …``.

    Start it from the main thread: the kernel counts the death of the starting *thread*.
    """
    script = str(Path(__file__).resolve())
    return [*inside, sys.executable, "-I", "-S", script, str(int(signal)), str(os.getpid()), *command]


if __name__ == "__main__":
    end_with_parent(int(sys.argv[1]), int(sys.argv[2]))
    os.execvp(sys.argv[3], sys.argv[3:])  # noqa: S606 (becoming another program is what this is for)
