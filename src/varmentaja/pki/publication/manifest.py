# SPDX-License-Identifier: EUPL-1.2
"""The manifest of a set or overlay, and the head that says which are current."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from varmentaja.domain.errors import invalid
from varmentaja.pki.publication.content import check_name
from varmentaja.pki.publication.files import FileRef
from varmentaja.pki.publication.seal import Sign, Verify, seal, unseal

MANIFEST = "manifest.json"
HEAD = "head.json"
AHEAD = "ahead.json"
"""A mirror's: newer heads whose sets are not here yet. Their overlays are, and lie over the set that is."""


@dataclass(frozen=True, slots=True)
class SegmentRef:
    """One sorted run of answers."""

    index: FileRef
    answers: FileRef
    count: int

    @property
    def number(self) -> int:
        """Of the set or overlay that it was written for; a later set links it."""
        return int(self.index.name.split(".")[1])


@dataclass(frozen=True, slots=True)
class CrlRef:
    """One CRL, with the dates that its HTTP headers need."""

    file: FileRef
    number: int
    this_update: datetime
    next_update: datetime


@dataclass(frozen=True, slots=True)
class AuthorityRef:
    """What one authority publishes. Segments stand oldest first; a newer one has the word for its serials."""

    certificate: FileRef | None
    """None in an overlay only."""
    segments: tuple[SegmentRef, ...]
    crls: dict[str, CrlRef]


@dataclass(frozen=True, slots=True)
class Manifest:
    """Everything in one folder, each file with its hash."""

    kind: str
    """``set`` or ``overlay``."""
    number: int
    time: datetime
    authorities: dict[str, AuthorityRef]

    def sealed(self, sign: Sign) -> bytes:
        """The signed document."""
        authorities = {name: _authority_to_json(ref) for name, ref in self.authorities.items()}
        content = {"number": self.number, "time": _to_text(self.time), "authorities": authorities}
        return seal(self.kind, content, sign)

    @classmethod
    def unsealed(cls, kind: str, document: bytes, verify: Verify) -> Manifest:
        """Read and check a signed manifest; ``invalid`` when it isn't one."""
        content = unseal(kind, document, verify)
        try:
            authorities = {
                check_name(name): _authority_from_json(data) for name, data in content["authorities"].items()
            }
            return cls(kind, int(content["number"]), _to_time(content["time"]), authorities)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise invalid("The publication's %(what)s cannot be read.", what=kind) from error


@dataclass(frozen=True, slots=True)
class FolderRef:
    """A set or overlay, by its number and the hash of its manifest."""

    number: int
    manifest_sha256: str

    @classmethod
    def of(cls, number: int, manifest: bytes) -> FolderRef:
        """Name a folder whose manifest file holds these bytes."""
        return cls(number, hashlib.sha256(manifest).hexdigest())


@dataclass(frozen=True, slots=True)
class Head:
    """What is current. Set number and overlay generation only grow, through every restart and restore."""

    set: FolderRef
    overlay: FolderRef | None
    generation: int
    """The highest overlay generation that has been current; it stays when the overlay is emptied."""
    time: datetime
    complete: bool = True
    """Whether all certificates that must be answered are. If not, the absence of an answer says nothing."""

    def goes_back(self, other: Head) -> bool:
        """Whether going from ``other`` to this head would be a step back."""
        return self.set.number < other.set.number or self.generation < other.generation

    def sealed(self, sign: Sign) -> bytes:
        """The signed document."""
        content = {
            "set": _folder_to_json(self.set),
            "overlay": _folder_to_json(self.overlay) if self.overlay else None,
            "generation": self.generation,
            "time": _to_text(self.time),
            "complete": self.complete,
        }
        return seal("head", content, sign)

    @classmethod
    def unsealed(cls, document: bytes, verify: Verify) -> Head:
        """Read and check a signed head; ``invalid`` when it isn't one."""
        content = unseal("head", document, verify)
        try:
            overlay = content["overlay"]
            return cls(
                _folder_from_json(content["set"]),
                _folder_from_json(overlay) if overlay else None,
                int(content["generation"]),
                _to_time(content["time"]),
                bool(content.get("complete", True)),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise invalid("The publication's %(what)s cannot be read.", what="head") from error


def write_ahead(heads: Iterable[bytes]) -> bytes:
    """The file of heads (sealed documents) ahead, oldest first; empty when there is none."""
    documents = [document.decode() for document in heads]
    return json.dumps(documents).encode() if documents else b""


def heads_ahead(document: bytes, current: Head | None, verify: Verify) -> dict[bytes, Head]:
    """What such a file says that is newer than ``current``; ``invalid`` when it is none."""
    try:
        documents = [str(each).encode() for each in json.loads(document or b"[]")]
    except (ValueError, TypeError) as error:
        raise invalid("The publication's %(what)s cannot be read.", what=AHEAD) from error
    heads = {each: Head.unsealed(each, verify) for each in documents}
    least = current.set.number if current else 0
    return {each: head for each, head in heads.items() if head.set.number > least}


def _folder_to_json(ref: FolderRef) -> dict[str, Any]:
    return {"number": ref.number, "manifest_sha256": ref.manifest_sha256}


def _folder_from_json(data: dict[str, Any]) -> FolderRef:
    return FolderRef(int(data["number"]), str(data["manifest_sha256"]))


def _authority_to_json(ref: AuthorityRef) -> dict[str, Any]:
    return {
        "certificate": ref.certificate.to_json() if ref.certificate else None,
        "segments": [
            {"index": s.index.to_json(), "answers": s.answers.to_json(), "count": s.count}
            for s in ref.segments
        ],
        "crls": {
            shard: {
                "file": crl.file.to_json(),
                "number": str(crl.number),
                "this_update": _to_text(crl.this_update),
                "next_update": _to_text(crl.next_update),
            }
            for shard, crl in ref.crls.items()
        },
    }


def _authority_from_json(data: dict[str, Any]) -> AuthorityRef:
    certificate = data["certificate"]
    return AuthorityRef(
        FileRef.from_json(certificate) if certificate else None,
        tuple(
            SegmentRef(FileRef.from_json(s["index"]), FileRef.from_json(s["answers"]), int(s["count"]))
            for s in data["segments"]
        ),
        {
            check_name(shard): CrlRef(
                FileRef.from_json(crl["file"]),
                int(crl["number"]),
                _to_time(crl["this_update"]),
                _to_time(crl["next_update"]),
            )
            for shard, crl in data["crls"].items()
        },
    )


def _to_text(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="seconds")


def _to_time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
