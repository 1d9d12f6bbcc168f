# SPDX-License-Identifier: EUPL-1.2
"""Keeps a folder like the publication elsewhere: ``python -m varmentaja.responder.mirror``.

The responder beside it follows the folder as if the publisher wrote it. No set is switched to before every
file of it is here and its hash is right; a transfer that was cut off goes on where it stopped. Overlays come
meanwhile, in a lane of their own, and are laid over the set that is here: a revocation does not wait
(docs/decisions/0079-revocations-pass-a-transfer.md). When the publisher is gone, the folder stays as it is
and answers grow stale honestly, by their own dates.
"""

from __future__ import annotations

import argparse
import json
import signal
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import structlog

from varmentaja.domain.errors import DomainError, Kind
from varmentaja.pki.publication.files import locked, replace_file
from varmentaja.pki.publication.manifest import AHEAD, HEAD, FolderRef, Head, heads_ahead, write_ahead
from varmentaja.pki.publication.seal import Verify
from varmentaja.responder.key import read_verifier
from varmentaja.responder.shelf import Shelf
from varmentaja.responder.sources import Source, source_of
from varmentaja.responder.watch import MIRROR_STATE

_LONGEST_PAUSE = 10.0
"""Seconds between attempts at a set that cannot be had, which begin at the source's pace and are doubled: a
large damaged file is not fetched all the time. Heads and overlays are looked at all the same."""
_ATTENTIVE = 0.5
_TELL = 10.0
"""Seconds between writings of the state while nothing changes."""

_log = structlog.get_logger("mirror")


class Mirror:
    """The folder's only writer (a lock sees to it). One thread looks at heads, another may bring sets."""

    def __init__(
        self, source: Source, folder: Path, verify: Verify, stopping: threading.Event | None = None
    ) -> None:
        self._source = source
        self._folder = folder
        self._verify = verify
        stopping = stopping or threading.Event()
        self._sets = Shelf("set", source, folder / "sets", verify, stopping)
        self._overlays = Shelf("overlay", source, folder / "overlay", verify, stopping)
        self._lock = threading.Lock()
        """Held while it is settled what is served: never while anything is fetched."""
        self._current = self._read_current()
        self._ahead = self._read_heads_ahead()
        """By document, oldest first: heads whose sets are not here while their overlays are, one of each."""
        self._pending: bytes | None = None
        """A head that was not taken yet."""
        self._refused: str | None = None
        """Why the source's newest head is not wanted; until there is another."""
        self._troubles: dict[str, str | None] = {"head": None, "set": None}
        self.wish = threading.Event()
        """Set when there is a set to bring."""

    @property
    def problem(self) -> str | None:
        """Why the folder may be behind; None when it is as the source was at the last look."""
        return next((trouble for trouble in (*self._troubles.values(), self._refused) if trouble), None)

    def look(self) -> bool:
        """Bring everything new; whether something was. Raises nothing."""
        changed = self.look_at_head()
        if self.wanted():
            changed = self.bring_set() or changed
        return changed

    def look_at_head(self) -> bool:
        """Take the newest head with its overlay, which is small; whether responders see something new."""
        return self._try("head", self._take_head)

    def bring_set(self) -> bool:
        """Fetch the newest set that can be had, however long it takes, and switch to it."""
        return self._try("set", self._take_set)

    def wanted(self) -> list[FolderRef]:
        """Sets that are not here, newest first."""
        return [head.set for head in reversed(self._ahead.values())]

    def _try(self, lane: str, work: Callable[[], bool]) -> bool:
        trouble, changed = None, False
        try:
            changed = work()
        except DomainError as error:
            trouble = str(error)
        except OSError as error:
            trouble = f"{type(error).__name__}: {error.strerror}"
        if trouble and trouble != self._troubles.get(lane):
            _log.error("mirror_behind", problem=trouble)
        self._troubles[lane] = trouble
        return changed

    def _take_head(self) -> bool:
        fresh = self._source.head()
        if fresh is not None:
            self._pending, self._refused = fresh, None
        if self._pending is None:
            return False
        head = Head.unsealed(self._pending, self._verify)
        with self._lock:
            self._current = self._read_current()
        newest = next(reversed(self._ahead.values()), self._current)
        if newest and newest != head and head.goes_back(newest):
            self._pending = None
            self._refused = "The publication went back to an older set; the newer one is kept."
            _log.error("mirror_behind", problem=self._refused)
            return False
        if newest != head:
            if head.overlay:
                self._overlays.bring(head.overlay)
            with self._lock:
                # What lay over the same set is in the newer overlay; what lay over others may not be.
                kept = {each: old for each, old in self._ahead.items() if old.set.number < head.set.number}
                self._ahead = {**kept, self._pending: head}
        changed = self._settle()
        self._pending = None
        return changed

    def _take_set(self) -> bool:
        missing: DomainError | None = None
        while wanted := self.wanted():
            for ref in wanted:
                try:
                    self._sets.bring(ref)
                    return self._settle()
                except DomainError as error:
                    if wanted != self.wanted():
                        break  # there are newer ones: those at once
                    if error.kind is not Kind.NOT_FOUND:
                        raise
                    # Removed already, or (in storage) not there yet: an older one is better than none.
                    missing = missing or error
            else:
                break
        if missing:
            raise missing
        return False

    def _settle(self) -> bool:
        """Switch to the newest set that is here, under all that overtook."""
        with self._lock:
            before = self._current
            for document, head in reversed(self._ahead.items()):
                if self._sets.has(head.set):
                    replace_file(self._folder / HEAD, document)
                    self._current = head
                    self._ahead = {
                        each: h for each, h in self._ahead.items() if h.set.number > head.set.number
                    }
                    break
            ahead = write_ahead(each for each, head in self._ahead.items() if head.overlay)
            changed = ahead != self._read(AHEAD)
            if changed:
                replace_file(self._folder / AHEAD, ahead)
            if self._current != before:
                self._troubles["set"] = None
                self._tidy()
            if self._ahead:
                self.wish.set()
            return changed or self._current != before

    def _tidy(self) -> None:
        head = self._current
        assert head, "there is one after a switch"
        self._sets.remove_old(head.set.number)
        laid = [each.overlay.number for each in (head, *self._ahead.values()) if each.overlay]
        self._overlays.remove_old(head.generation, laid)
        _log.info("mirrored", set=head.set.number, generation=head.generation)

    def _read(self, name: str) -> bytes:
        try:
            return (self._folder / name).read_bytes()
        except FileNotFoundError:
            return b""

    def _read_current(self) -> Head | None:
        try:
            return Head.unsealed(self._read(HEAD), self._verify)
        except DomainError:
            return None

    def _read_heads_ahead(self) -> dict[bytes, Head]:
        try:
            return heads_ahead(self._read(AHEAD), self._current, self._verify)
        except DomainError:
            return {}

    def write_state(self, now: datetime) -> bool:
        """Leave word for the responder's health page; whether there was room for it."""
        state = {"looked_at": now.isoformat(timespec="seconds"), "problem": self.problem}
        try:
            replace_file(self._folder / MIRROR_STATE, json.dumps(state).encode() + b"\n")
        except OSError as error:
            _log.error("mirror_state_not_written", problem=error.strerror)
            return False
        return True


def follow(source: Source, folder: Path, verify: Verify, stopping: threading.Event) -> None:
    """Look again and again until ``stopping`` is set."""
    folder.mkdir(parents=True, exist_ok=True)
    with locked(folder / ".publish.lock"):
        mirror, since, told = Mirror(source, folder, verify, stopping), 0.0, None
        lane = threading.Thread(target=_bring_sets, args=(mirror, source.poll, stopping), daemon=True)
        lane.start()
        while True:
            mirror.look_at_head()
            problem = mirror.problem
            if (since >= _TELL or told != (problem,)) and mirror.write_state(datetime.now(UTC)):
                since, told = 0.0, (problem,)
            if stopping.wait(source.poll):
                lane.join()
                return
            since += source.poll


def _bring_sets(mirror: Mirror, pace: float, stopping: threading.Event) -> None:
    """The lane of what is large. A fault of ours in it ends the program, as one in the other lane does."""
    pause = 0.0
    try:
        while not stopping.wait(pause):
            mirror.wish.clear()
            if not mirror.wanted():
                mirror.wish.wait(_ATTENTIVE)
                pause = 0.0
            elif mirror.bring_set():
                pause = 0.0
            else:
                pause = min(max(pause * 2, pace), _LONGEST_PAUSE)
    finally:
        stopping.set()


def main() -> None:
    """Mirror until stopped."""
    parser = argparse.ArgumentParser(description="Keep a publication folder like the publisher's.")
    parser.add_argument("--source", required=True, help="https://… or s3://bucket[/folder]")
    parser.add_argument("--authorities", type=Path, help="PEM file for the publisher's TLS certificate")
    parser.add_argument("--folder", type=Path, required=True, help="publication folder on this machine")
    parser.add_argument("--key", type=Path, required=True, help="the publisher's public key (PEM)")
    arguments = parser.parse_args()
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    follow(
        source_of(arguments.source, arguments.authorities),
        arguments.folder,
        read_verifier(arguments.key),
        stopping,
    )


if __name__ == "__main__":
    main()
