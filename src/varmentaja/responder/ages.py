# SPDX-License-Identifier: EUPL-1.2
"""How old what is served is, and until when it holds: a publisher that has stopped shows here first."""

from __future__ import annotations

import time
from itertools import islice
from typing import NamedTuple

from varmentaja.pki.publication import Snapshot
from varmentaja.pki.publication.segment import Segment

_AT_ONCE, _PAUSE = 500, 0.001
"""After so many entries, so many seconds are the questions': none waits longer than a millisecond."""


class Ages(NamedTuple):
    """Of some documents in force (Unix seconds)."""

    oldest: int
    """The earliest thisUpdate."""
    first_end: int
    """The earliest nextUpdate."""
    last_end: int
    """The latest nextUpdate."""


def ages_of_answers(snapshot: Snapshot) -> Ages | None:
    """Of every answer in force, None if there is none. Takes a second for each million, and leaves pauses."""
    found = None
    for authority in snapshot.certificates:
        segments = snapshot.segments(authority)
        for place, segment in enumerate(segments):
            found = _with_segment(found, segment, segments[:place])
    return found


def _with_segment(ages: Ages | None, segment: Segment, newer: tuple[Segment, ...]) -> Ages | None:
    entries = iter(segment)
    while chunk := list(islice(entries, _AT_ONCE)):
        for entry in chunk:
            if (
                ages
                and ages.oldest <= entry.this_update
                and ages.first_end <= entry.next_update <= ages.last_end
            ):
                continue  # nearly all of them
            if entry.is_withdrawn or any(each.find(entry.serial) for each in newer):
                continue
            here = Ages(entry.this_update, entry.next_update, entry.next_update)
            ages = joined(ages, here)
        time.sleep(_PAUSE)
    return ages


def ages_of_lists(snapshot: Snapshot) -> Ages | None:
    """Of every revocation list."""
    found = None
    for crl in snapshot.crls.values():
        since, until = int(crl.ref.this_update.timestamp()), int(crl.ref.next_update.timestamp())
        found = joined(found, Ages(since, until, until))
    return found


def joined(one: Ages | None, other: Ages | None) -> Ages | None:
    """Of both together."""
    if one is None or other is None:
        return one or other
    return Ages(
        min(one.oldest, other.oldest),
        min(one.first_end, other.first_end),
        max(one.last_end, other.last_end),
    )
