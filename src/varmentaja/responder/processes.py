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
_PAUSE = 1.0
"""Seconds before the place of a worker that lived no longer than this is taken again."""
_NOT_STARTED = 3
"""Exit code of a worker that never served: something is wrong that a new one would not mend."""
_ENDINGS = (signal.SIGTERM, signal.SIGINT)

_log = structlog.get_logger("responder")


class Work(Protocol):
    """What a worker does."""

    def run(self) -> None:
        """Until it is stopped."""

    def stop(self) -> None:
        """Called by a signal handler."""


def run_workers(count: int, make: Callable[[int], Work]) -> None:
    """Have so many processes run ``make(place)`` until SIGTERM or SIGINT; SystemExit if one cannot start."""
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
        self._stopping = False

    def start(self, place: int) -> None:
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDINGS)  # a new worker must not act on our handlers
        pid = os.fork()
        if pid == 0:
            _be_worker(self._make, place)
        self._alive[pid] = place, time.monotonic()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDINGS)

    def wait(self) -> bool:
        """Until a worker ends, and see to its place; False when all have ended as they were told."""
        pid, status = os.waitpid(-1, 0)
        place, begun = self._alive.pop(pid)
        code = os.waitstatus_to_exitcode(status)
        if code == _NOT_STARTED:
            self.kill()
            raise SystemExit(1)
        if self._stopping:
            return bool(self._alive)
        _log.error("worker_ended", worker=place, code=code)
        if time.monotonic() - begun < _PAUSE:
            time.sleep(_PAUSE)
        if not self._stopping:
            self.start(place)
        return bool(self._alive)

    def stop(self, *_: object) -> None:
        self._stopping = True
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
