# SPDX-License-Identifier: EUPL-1.2
"""Signed heads of the chain, published where whoever holds the database cannot take them back.

``<folder>/head.json`` is the newest. ``<folder>/heads/<day>.jsonl`` keeps every head whose position was new.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from varmentaja.apps.audit.models import Link
from varmentaja.apps.audit.recording import canonical
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
    (folder / "heads").mkdir(parents=True, exist_ok=True)
    if before is None or before.position != head.position:
        with (folder / "heads" / f"{now.date().isoformat()}.jsonl").open("a", encoding="utf-8") as file:
            file.write(line + "\n")
    draft = folder / "head.json.new"
    draft.write_text(line + "\n", "utf-8")
    draft.replace(folder / "head.json")
    return head


def newest_head(folder: Path) -> Head | None:
    """The head published last; None when there is none."""
    try:
        return _read((folder / "head.json").read_text("utf-8"))
    except FileNotFoundError:
        return None


def all_heads(folder: Path) -> Iterator[Head]:
    """Every published head, oldest first, the newest twice."""
    for path in sorted((folder / "heads").glob("*.jsonl")):
        for line in path.read_text("utf-8").splitlines():
            yield _read(line)
    newest = newest_head(folder)
    if newest is not None:
        yield newest


def _signed(position: int, text: str, at: str) -> bytes:
    return canonical({"format": 1, "position": position, "hash": text, "at": at}).encode()


def _read(line: str) -> Head:
    members: dict[str, Any] = json.loads(line)
    signature = base64.b64decode(members["signature"])
    return Head(members["position"], members["hash"], members["at"], signature)
