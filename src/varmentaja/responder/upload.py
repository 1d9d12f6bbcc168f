# SPDX-License-Identifier: EUPL-1.2
"""Copies a publication folder to S3-compatible storage: ``python -m varmentaja.responder.upload --to s3://…``.

Runs beside the publisher and holds no key. Files go first, under their hashes and each but once; then the
manifests; the head last, so that a mirror never finds a name without its content.
"""

from __future__ import annotations

import argparse
import signal
import threading
from pathlib import Path

import obstore
import structlog
from obstore.exceptions import BaseError
from obstore.store import S3Store

from varmentaja.pki.publication.manifest import HEAD, MANIFEST, Head
from varmentaja.pki.publication.reader import Folder, PublicationReader
from varmentaja.pki.publication.seal import Verify
from varmentaja.responder.key import read_verifier
from varmentaja.responder.mirror import files_of
from varmentaja.responder.sources import FILES, s3_store

POLL = 0.3
_KEPT = 3
"""Heads whose files stay: a mirror may be in the middle of one."""

_log = structlog.get_logger("upload")


class Upload:
    """One bucket or folder of it, and what has been put there."""

    def __init__(self, folder: Path, store: S3Store, verify: Verify) -> None:
        self._folder = folder
        self._store = store
        self._verify = verify
        self._reader = PublicationReader(folder, verify)
        self._there: set[str] | None = None
        self._recent: list[set[str]] = []
        self._sent: bytes | None = None

    def look(self) -> bool:
        """Put the newest state there; whether there was one. Raises what storage and files raise."""
        document = (self._folder / HEAD).read_bytes()
        self._reader.poll(again=True)
        snapshot = self._reader.current
        if document == self._sent or snapshot is None or self._reader.problem:
            return False
        if Head.unsealed(document, self._verify) != snapshot.head:  # replaced in between: the next look
            return False
        if self._there is None:
            self._there = {
                found["path"] for batch in obstore.list(self._store, f"{FILES}/") for found in batch
            }
        keys = self._put_folder("sets", snapshot.base)
        if snapshot.overlay:
            keys |= self._put_folder("overlay", snapshot.overlay)
        obstore.put(self._store, HEAD, document)
        self._sent = document
        self._forget(keys)
        _log.info("uploaded", set=snapshot.head.set.number, generation=snapshot.head.generation)
        return True

    def _put_folder(self, parent: str, folder: Folder) -> set[str]:
        keys = set()
        assert self._there is not None, "look lists what is there"
        for file in files_of(folder.manifest):
            key = f"{FILES}/{file.sha256}"
            keys.add(key)
            if key not in self._there:
                obstore.put(self._store, key, folder.path / file.name)
                self._there.add(key)
        manifest = f"{parent}/{folder.path.name}/{MANIFEST}"
        obstore.put(self._store, manifest, folder.path / MANIFEST)
        return keys | {manifest}

    def _forget(self, keys: set[str]) -> None:
        """Remove what none of the last heads names."""
        assert self._there is not None, "look lists what is there"
        self._there |= keys
        self._recent = [*self._recent, keys][-_KEPT:]
        if len(self._recent) == _KEPT:
            gone = self._there - set().union(*self._recent)
            if gone:
                obstore.delete(self._store, sorted(gone))
                self._there -= gone


def follow(upload: Upload, stopping: threading.Event) -> None:
    """Look again and again until ``stopping`` is set; a fault is logged and tried again."""
    while not stopping.wait(POLL):
        try:
            upload.look()
        except (BaseError, OSError) as error:
            _log.error("upload_failed", problem=str(error).splitlines()[0])


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
    store = s3_store(arguments.to)
    follow(Upload(arguments.folder, store, read_verifier(arguments.key)), stopping)


if __name__ == "__main__":
    main()
