# SPDX-License-Identifier: EUPL-1.2
"""Signed heads of the chain, published where whoever holds the database cannot take them back.

``<folder>/head.json`` is the newest. ``<folder>/heads/<day>.jsonl`` keeps every head whose position was new.
A process killed while it writes leaves a line without an end: it says nothing, and the next head takes its
place.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from varmentaja.apps.audit.models import Link
from varmentaja.apps.audit.recording import canonical
from varmentaja.files import sync_folder, write_over
from varmentaja.pki.publication import Sign


@dataclass(frozen=True, slots=True)
class Head:
    """The last link of the chain at some moment."""

    position: int
    hash: str
    at: str
    signature: bytes

    @property
    def signed(self) -> bytes:
        """What the signature is over."""
        return _signed(self.position, self.hash, self.at)


def publish_head(folder: Path, sign: Sign, *, now: datetime) -> Head | None:
    """Sign the chain's last link into ``folder``; None while the chain is empty. Called each minute."""
    last = Link.objects.order_by("-position").first()
    if last is None:
        return None
    text, at = bytes(last.hash).hex(), now.isoformat()
    head = Head(last.position, text, at, sign(_signed(last.position, text, at)))
    line = json.dumps({**json.loads(head.signed), "signature": base64.b64encode(head.signature).decode()})
    before = newest_head(folder)
    if before is None or before.position != head.position:
        _append(folder / "heads", f"{now.date().isoformat()}.jsonl", line)
    write_over(folder / "head.json", f"{line}\n".encode(), mode=0o644)
    return head


def newest_head(folder: Path) -> Head | None:
    """The head published last; None when there is none that can be read."""
    try:
        return _read((folder / "head.json").read_bytes())
    except FileNotFoundError:
        return None


def all_heads(folder: Path) -> Iterator[Head | None]:
    """Every published head, oldest first, the newest twice; None for each that cannot be read."""
    for path in sorted((folder / "heads").glob("*.jsonl")):
        whole, _, _ = path.read_bytes().rpartition(b"\n")
        yield from map(_read, whole.splitlines())
    if (folder / "head.json").exists():
        yield newest_head(folder)


def _append(folder: Path, name: str, line: str) -> None:
    """Add the line to the day's file, to stay even if the power goes out now."""
    folder.mkdir(parents=True, exist_ok=True)
    for file in sorted(folder.glob("*.jsonl"))[-1:]:
        whole, end, torn = file.read_bytes().rpartition(b"\n")
        if torn:
            os.truncate(file, len(whole + end))
    with (folder / name).open("a", encoding="utf-8") as opened:
        opened.write(line + "\n")
        opened.flush()
        os.fsync(opened.fileno())
    sync_folder(folder)


def _signed(position: int, text: str, at: str) -> bytes:
    return canonical({"format": 1, "position": position, "hash": text, "at": at}).encode()


def _read(line: bytes) -> Head | None:
    try:
        members: dict[str, Any] = json.loads(line)
        signature = base64.b64decode(members["signature"])
        return Head(members["position"], members["hash"], members["at"], signature)
    except (ValueError, KeyError, TypeError):
        return None
