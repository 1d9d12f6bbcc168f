# SPDX-License-Identifier: EUPL-1.2
"""What runs an event loop of its own, run in another thread: a browser's loop may be running in this one."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def apart(call: Callable[[], T]) -> T:
    """The result of the call."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(call).result()
