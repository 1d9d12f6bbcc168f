# SPDX-License-Identifier: EUPL-1.2
"""What goes into a publication set."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import IO

from varmentaja.domain.errors import invalid

_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")


def check_name(name: str) -> str:
    """Return an authority's or shard's name if it is fit for URLs and file names, else raise ``invalid``."""
    if not _NAME.fullmatch(name):
        raise invalid("“%(name)s” is not a name of an authority or a CRL shard.", name=name)
    return name


@dataclass(frozen=True, slots=True)
class Answer:
    """The signed OCSP answers for one certificate, one for each hash of a CertID (RFC 6960 §4.1.1)."""

    authority: str
    serial: int
    revision: int
    """How often the certificate's status has changed, read in the same row as the status. A lower revision
    never replaces a higher one, whenever it was signed: a slow “good” cannot undo a revocation."""
    this_update: datetime
    next_update: datetime
    sha1: bytes
    """DER of the OCSPResponse whose CertID uses SHA-1; empty when withdrawn."""
    sha256: bytes
    """The same for SHA-256."""

    @classmethod
    def withdrawn(cls, authority: str, serial: int, revision: int, now: datetime) -> Answer:
        """A certificate that we no longer speak about (long expired): responders say ``unauthorized``."""
        return cls(authority, serial, revision, now, now, b"", b"")


@dataclass(frozen=True, slots=True)
class Crl:
    """One signed CRL, full for its shard."""

    authority: str
    shard: str
    number: int
    this_update: datetime
    next_update: datetime
    der: bytes | IO[bytes]
    """A long one waits in a file."""
