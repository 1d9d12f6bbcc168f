# SPDX-License-Identifier: EUPL-1.2
"""The publication folder as this process knows it: one publisher, kept while the process lives.

A new one would read and verify everything that is published. The lanes of the worker and the directory share
it.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from varmentaja.pki.publication import Head, Publisher
from varmentaja.ports.connected import outside
from varmentaja.ports.custody import Custody

Position = tuple[int, int]
"""Number of the set and generation of the overlay: what grows with every publication."""


@dataclass(eq=False)
class Kept:
    """The publisher, and what it was made for."""

    folder: Path
    custody: Custody
    publisher: Publisher
    compared: bool = False
    """Whether the records were found to know all that is published, since the process began or since a run
    failed."""


_kept: list[Kept] = []
_making = threading.Lock()


def kept() -> Kept:
    """The one of this process; custody is another after the authorities' responders were renewed."""
    folder, custody = Path(settings.PUBLICATION), keys()
    with _making:
        if not _kept or (_kept[0].folder, _kept[0].custody) != (folder, custody):
            _kept[:] = [Kept(folder, custody, Publisher(folder, custody.seal, custody.verify_seal))]
        return _kept[0]


def keys() -> Custody:
    """Custody of the authorities' keys, which this process has."""
    custody = outside().custody
    assert custody is not None, "the worker holds the keys"
    return custody


def position(head: Head) -> Position:
    """Where a publication stands among others."""
    return head.set.number, head.generation
