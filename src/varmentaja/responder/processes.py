# SPDX-License-Identifier: EUPL-1.2
"""Worker processes: forked, replaced when they die, and ended with the process that started them."""

from __future__ import annotations

import ctypes
import os
import signal
import time
import traceback
from collections.abc import Callable
from typing import NoReturn, Protocol

import structlog

_PR_SET_PDEATHSIG = 1
_ENDING = 10
"""Seconds for the workers to end after SIGTERM."""
_PAUSE, _LONGEST_PAUSE = 1.0, 30.0
"""Seconds before the place of a worker that lived no longer is taken again; doubled while none starts."""
_LOOK = 0.1
"""Seconds between looks while a place waits."""
_NOT_STARTED = 3
"""Exit code of a worker that never served. When the server starts, something is wrong that a new one would
not mend; later (memory is short, a file is being replaced) it may pass, and the others serve meanwhile."""
_ENDINGS = (signal.SIGTERM, signal.SIGINT)

_log = structlog.get_logger("responder")


class Work(Protocol):
    """What a worker does."""

    def run(self) -> None:
        """Until it is stopped."""

    def stop(self) -> None:
        """Called by a signal handler."""


def run_workers(count: int, make: Callable[[int], Work]) -> None:
    """Have so many processes run ``make(place)`` until SIGTERM or SIGINT.

    SystemExit if one of the first cannot start."""
    end_with_parent(signal.SIGTERM)
    family = _Family(make)
    for number in _ENDINGS:
        signal.signal(number, family.stop)
    signal.signal(signal.SIGALRM, family.kill)
    for place in range(count):
        family.start(place)
    while family.wait():
        pass


class _Family:
    """The workers by process id; each has a place, that is a number."""

    def __init__(self, make: Callable[[int], Work]) -> None:
        self._make = make
        self._alive: dict[int, tuple[int, float]] = {}
        self._pauses: dict[int, float] = {}
        """By place, where one was replaced: how long it was waited last."""
        self._due: dict[int, float] = {}
        """By place, where there is none: when there shall be one."""
        self._stopping = False

    def start(self, place: int) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDINGS)  # a new worker must not act on our handlers
        pid = os.fork()
        if pid == 0:
            _be_worker(self._make, place)
        self._alive[pid] = place, time.monotonic()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDINGS)

    def wait(self) -> bool:
        """Until a worker ends or a place may be due, and see to it; False when all ended as told."""
        if self._alive and not self._due:
            self._ended(*os.waitpid(-1, 0))
        elif self._alive and (ended := os.waitpid(-1, os.WNOHANG)) != (0, 0):
            self._ended(*ended)
        elif not self._stopping:
            time.sleep(_LOOK)
        for place in [place for place, when in self._due.items() if when <= time.monotonic()]:
            del self._due[place]
            if not self._stopping:
                self.start(place)
        return bool(self._alive or self._due)

    def _ended(self, pid: int, status: int) -> None:
        place, begun = self._alive.pop(pid)
        code = os.waitstatus_to_exitcode(status)
        if code == _NOT_STARTED and place not in self._pauses:
            self.kill()
            raise SystemExit(1)
        if self._stopping:
            return
        now = time.monotonic()
        if code == _NOT_STARTED:
            pause = min(max(2 * self._pauses[place], _PAUSE), _LONGEST_PAUSE)
        else:
            pause = _PAUSE if now - begun < _PAUSE else 0.0
        _log.error("worker_ended", worker=place, code=code, started=code != _NOT_STARTED, next_after=pause)
        self._pauses[place], self._due[place] = pause, now + pause

    def stop(self, *_: object) -> None:
        self._stopping = True
        self._due.clear()
        signal.alarm(_ENDING)
        self._tell(signal.SIGTERM)

    def kill(self, *_: object) -> None:
        self._tell(signal.SIGKILL)

    def _tell(self, what: signal.Signals) -> None:
        for pid in list(self._alive):
            os.kill(pid, what)  # not waited for yet, so the number is still its own


def _be_worker(make: Callable[[int], Work], place: int) -> NoReturn:
    code = _NOT_STARTED
    try:
        for number in (*_ENDINGS, signal.SIGALRM):
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDINGS)
        end_with_parent(signal.SIGKILL)  # without the server, a worker has nobody who would stop it
        work = make(place)
        for number in _ENDINGS:
            signal.signal(number, lambda *_: work.stop())
        code = 1
        work.run()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def end_with_parent(how: signal.Signals) -> None:
    """Ask the system for a signal to this process when its parent dies; end now if it is dead already."""
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, how)
    if os.getppid() != parent:
        raise SystemExit("the parent process has ended")
