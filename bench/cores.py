# SPDX-License-Identifier: EUPL-1.2
"""What processes have spent on the cores, which waiting for others does not change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path


def descendants(pid: int) -> Iterator[int]:
    """Every process that it started, and those that they did."""
    for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split():
        yield int(child)
        yield from descendants(int(child))


def command(pid: int) -> str:
    """Name of a process's program."""
    return Path(f"/proc/{pid}/comm").read_text().strip()


class CoreClock:
    """Counts from when it is made; a process that has ended meanwhile counts for nothing."""

    def __init__(self, pids: Iterable[int]) -> None:
        self._before = {pid: _spent(pid) for pid in pids}

    @property
    def seconds(self) -> float:
        """Of all these processes together."""
        return sum(max(0.0, _spent(pid) - before) for pid, before in self._before.items())


def _spent(pid: int) -> float:
    """Of all its threads (proc(5), schedstat)."""
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return sum(int((task / "schedstat").read_text().split()[0]) for task in tasks) / 1e9
    except OSError:
        return 0.0
