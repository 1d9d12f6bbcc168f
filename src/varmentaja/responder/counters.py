# SPDX-License-Identifier: EUPL-1.2
"""Counts of requests, in memory that all workers share: whichever of them is asked can tell of all."""

from __future__ import annotations

import mmap
from bisect import bisect_left
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wsgiref.types import WSGIEnvironment

OUTCOME = "varmentaja.outcome"
"""Where an application leaves word of what it has said, if the HTTP status does not tell."""
METHODS = ("GET", "HEAD", "POST", "other")
OUTCOMES = (
    "answer",
    "signed",
    "unauthorized",
    "malformed",
    "try_later",
    "internal_error",
    "list",
    "certificate",
    "page",
    "unchanged",
    "not_found",
    "turned_away",
    "failed",
)
_BY_STATUS = {
    "200 OK": "answer",
    "304 Not Modified": "unchanged",
    "404 Not Found": "not_found",
    "500 Internal Server Error": "failed",
}
_BY_CODE = {1: "malformed", 2: "internal_error", 3: "try_later", 6: "unauthorized"}
"""OCSPResponseStatus."""
BOUNDS = (0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.05, 0.25, 1.0)
"""Seconds, of the histogram."""

_PLACES = {
    (method, outcome): row * len(OUTCOMES) + column
    for row, method in enumerate(METHODS)
    for column, outcome in enumerate(OUTCOMES)
}
_BUCKETS = len(_PLACES)
_NANOSECONDS = _BUCKETS + len(BOUNDS) + 1
_CONNECTIONS = _NANOSECONDS + 1
_CELLS = _CONNECTIONS + 1


def place_of(method: str, outcome: str) -> int:
    """Where answers of this kind are counted."""
    place = _PLACES.get((method, outcome))
    return _PLACES["other", outcome] if place is None else place


def outcome_of(answer: bytes) -> str:
    """Of an OCSP response made for one asker: a refusal is five octets, the last of them its status."""
    return _BY_CODE[answer[4]] if len(answer) == 5 else "signed"


class Counter:
    """One worker's numbers."""

    def __init__(self, cells: memoryview) -> None:
        self._cells = cells

    def count(self, environ: WSGIEnvironment, status: str, seconds: float) -> None:
        """One more answer."""
        method = environ.get("REQUEST_METHOD", "other")
        outcome = environ.get(OUTCOME) or _BY_STATUS.get(status, "turned_away")
        self.count_at(place_of(method, outcome), seconds)

    def count_at(self, place: int, seconds: float) -> None:
        """The same where the place is known (``place_of``)."""
        cells = self._cells
        cells[place] += 1
        cells[_BUCKETS + bisect_left(BOUNDS, seconds)] += 1
        cells[_NANOSECONDS] += int(seconds * 1e9)

    @property
    def requests(self) -> Iterator[tuple[str, str, int]]:
        """Method, outcome and number, of those that there were."""
        return ((*names, self._cells[place]) for names, place in _PLACES.items() if self._cells[place])

    @property
    def buckets(self) -> list[int]:
        """How many answers took up to each bound, and longer than the last."""
        return list(self._cells[_BUCKETS:_NANOSECONDS])

    @property
    def seconds(self) -> float:
        """All answers together."""
        return int(self._cells[_NANOSECONDS]) / 1e9

    @property
    def connections(self) -> int:
        """At the last look."""
        return int(self._cells[_CONNECTIONS])

    @connections.setter
    def connections(self, number: int) -> None:
        self._cells[_CONNECTIONS] = number


class Counters:
    """The numbers of all workers; to be made before they are forked."""

    def __init__(self, workers: int = 1) -> None:
        cells = memoryview(mmap.mmap(-1, workers * _CELLS * 8)).cast("Q")
        self.workers = [Counter(cells[start : start + _CELLS]) for start in range(0, len(cells), _CELLS)]
