# SPDX-License-Identifier: EUPL-1.2
"""Keeps what people type out of files: no core file of this process, no look into its memory."""

from __future__ import annotations

import sys

_PR_SET_DUMPABLE = 4


def keep_memory_private() -> None:
    """Called by every program that hears PINs, before the first one is typed.

    Linux: no core file, and other programs of the same user can't attach to the process (prctl(2)).
    """
    if not sys.platform.startswith("win"):
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
