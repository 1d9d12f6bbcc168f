# SPDX-License-Identifier: EUPL-1.2
"""Copies a publication folder to S3-compatible storage: ``python -m varmentaja.responder.upload --to s3://…``.

Runs beside the publisher and holds no key. Files go first, under their hashes and each but once, then the
manifest that names them: a set or overlay is there when its manifest is. The head follows its overlay at once
and waits for no set, which has a lane of its own: mirrors lay the overlay over the set that they have.
"""

from __future__ import annotations

import argparse
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path

import obstore
import structlog
from obstore.exceptions import BaseError
from obstore.store import S3Store

from varmentaja.domain.errors import DomainError, unavailable
from varmentaja.pki.publication.manifest import HEAD, MANIFEST, FolderRef, Head
from varmentaja.pki.publication.reader import Folder, PublicationReader
from varmentaja.pki.publication.seal import Verify
from varmentaja.responder.key import read_verifier
from varmentaja.responder.shelf import files_of
from varmentaja.responder.sources import FILES, s3_store

POLL = 0.3
_KEPT = 3
"""Sets and overlays whose files stay: a mirror may be in the middle of one."""

ALARM_AFTER = 60.0
"""Seconds of failing after which it is an alarm, and again each time they are over."""

_log = structlog.get_logger("upload")


class Upload:
    """One bucket or folder of it, and what was put there. One thread puts heads, another may put sets."""

    def __init__(self, folder: Path, store: S3Store, verify: Verify, urgent: S3Store | None = None) -> None:
        """``urgent``: the same place for heads and overlays, by a client that does nothing a second time."""
        self._folder = folder
        self._store = store
        self._urgent = urgent or store
        self._verify = verify
        self._reader = PublicationReader(folder, verify)
        self._there: set[str] | None = None
        self._recent: dict[str, dict[str, set[str]]] = {"sets": {}, "overlay": {}}
        """What the last ones need, by their manifests, from when they are begun."""
        self._lock = threading.Lock()
        self._sent: bytes | None = None
        self._head: Head | None = None
        """What storage has: after a restart it may be newer than a folder of yesterday."""
        self._set: FolderRef | None = None

    def look(self) -> bool:
        """Put the newest state there; whether there was one. Raises what storage and files raise."""
        changed = self.put_head()
        return self.put_set() or changed

    def put_head(self) -> bool:
        """Put the newest head there with its overlay, which is small."""
        document = (self._folder / HEAD).read_bytes()
        if document == self._sent:
            return False
        head = Head.unsealed(document, self._verify)
        self._head = self._head or self._head_there()
        if self._head and head.goes_back(self._head):
            raise unavailable("The publication went back to an older set; the newer one is kept.")
        if head.overlay:
            self._put_folder("overlay", self._reader.open_overlay(head.overlay), self._urgent)
        obstore.put(self._urgent, HEAD, document)
        self._sent, self._head = document, head
        _log.info("head_uploaded", set=head.set.number, generation=head.generation)
        return True

    def _head_there(self) -> Head | None:
        """In storage; None where there is none that was signed by our publisher."""
        try:
            return Head.unsealed(bytes(obstore.get(self._urgent, HEAD).bytes()), self._verify)
        except (FileNotFoundError, DomainError):
            return None

    def put_set(self) -> bool:
        """Put the newest set there, however long it takes."""
        head = Head.unsealed((self._folder / HEAD).read_bytes(), self._verify)
        if head.set == self._set:
            return False
        self._put_folder("sets", self._reader.open_set(head.set), self._store)
        self._set = head.set
        _log.info("set_uploaded", set=head.set.number)
        return True

    def _put_folder(self, parent: str, folder: Folder, store: S3Store) -> None:
        manifest = f"{parent}/{folder.path.name}/{MANIFEST}"
        paths = {f"{FILES}/{file.sha256}": folder.path / file.name for file in files_of(folder.manifest)}
        with self._lock:  # from now on the other lane removes none of these
            if self._there is None:
                listed = obstore.list(store, f"{FILES}/")
                self._there = {found["path"] for batch in listed for found in batch}
            there = self._there
            recent = self._recent[parent]
            recent[manifest] = {manifest, *paths}
            for old in list(recent)[:-_KEPT]:
                del recent[old]
        for key, path in paths.items():
            if key not in there:
                obstore.put(store, key, path)
                there.add(key)
        obstore.put(store, manifest, folder.path / MANIFEST)
        there.add(manifest)
        with self._lock:
            self._forget(there, store)

    def _forget(self, there: set[str], store: S3Store) -> None:
        """Remove what none of the last sets and overlays has (a run that has just begun knows of too few)."""
        if len(self._recent["sets"]) < _KEPT:
            return
        gone = there.difference(*(keys for recent in self._recent.values() for keys in recent.values()))
        if gone:
            obstore.delete(store, sorted(gone))
            there -= gone


class Lane:
    """Puts one kind of thing there, and tells in the log how that goes."""

    def __init__(
        self, name: str, put: Callable[[], bool], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._name = name
        self._put = put
        self._clock = clock
        self._problem: str | None = None
        self._since = self._told = 0.0

    def attempt(self) -> None:
        """Once; a fault of ours is raised, and one of storage or files is told of."""
        try:
            self._put()
            self._problem = None
        except (BaseError, DomainError, OSError) as error:
            self._failed(str(error).partition("\n")[0] or type(error).__name__)

    def _failed(self, problem: str) -> None:
        now, before, self._problem = self._clock(), self._problem, problem
        if before is None:
            self._since = self._told = now
        if problem != before:
            _log.warning("upload_failed", lane=self._name, problem=problem)
        if now - self._told >= ALARM_AFTER:
            self._told = now
            _log.error("upload_stuck", lane=self._name, problem=problem, seconds=round(now - self._since))


def follow(upload: Upload, stopping: threading.Event) -> None:
    """Look again and again until ``stopping`` is set; a fault is logged and tried again."""
    sets = threading.Thread(target=_repeat, args=(Lane("set", upload.put_set), stopping), daemon=True)
    sets.start()
    _repeat(Lane("head", upload.put_head), stopping)
    sets.join()


def _repeat(lane: Lane, stopping: threading.Event) -> None:
    """A fault of ours ends both lanes, and so the program."""
    try:
        while not stopping.wait(POLL):
            lane.attempt()
    finally:
        stopping.set()


def main() -> None:
    """Upload until stopped."""
    parser = argparse.ArgumentParser(description="Copy a publication folder to S3-compatible storage.")
    parser.add_argument("--folder", type=Path, required=True, help="publication folder")
    parser.add_argument("--key", type=Path, required=True, help="the publisher's public key (PEM)")
    parser.add_argument("--to", required=True, help="s3://bucket[/folder]")
    arguments = parser.parse_args()
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    store, urgent = s3_store(arguments.to), s3_store(arguments.to, tries_again=False)
    follow(Upload(arguments.folder, store, read_verifier(arguments.key), urgent), stopping)


if __name__ == "__main__":
    main()
