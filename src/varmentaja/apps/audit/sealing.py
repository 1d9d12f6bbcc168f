# SPDX-License-Identifier: EUPL-1.2
"""The sealer: puts committed entries into the chain, in batches, one sealer at a time.

Numbers of entries are drawn before their transactions commit, so a lower number may become visible after a
higher one. The sealer therefore goes by a list of waiting entries, which a trigger fills in the entry's own
transaction: what is visible there is committed, and nothing is passed over. The chain's order is the order
of sealing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import structlog
from django.db import connection, transaction

log = structlog.get_logger("audit")

ORIGIN = b"\x00" * 32
"""What stands before the first hash."""
LOCK = 0x7641554454
"""Number of the advisory lock that only one sealer holds (any number nobody else uses)."""
BATCH = 5000

_WAITING = "SELECT entry_id FROM audit_waiting ORDER BY entry_id LIMIT %s"
# Each by its key: in one statement the server would rather read all of both tables.
_TAKE = "DELETE FROM audit_waiting WHERE entry_id = ANY(%s)"
_READ = "SELECT id, content FROM audit_entry WHERE id = ANY(%s) ORDER BY id"
_LAST = "SELECT position, hash FROM audit_link ORDER BY position DESC LIMIT 1"
_STORE = """
    INSERT INTO audit_link (position, entry_id, hash)
    SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::bytea[])
"""


def link_hash(before: bytes, number: int, content: str) -> bytes:
    """The hash of an entry's link."""
    return hashlib.sha256(before + number.to_bytes(8, "big") + content.encode()).digest()


def seal(limit: int = BATCH) -> int:
    """Seal up to ``limit`` committed entries; how many waited. Nothing while another sealer is at work."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [LOCK])
        if cursor.fetchone() != (True,):
            return 0
        cursor.execute(_WAITING, [limit])
        numbers = [number for (number,) in cursor.fetchall()]
        if not numbers:
            return 0
        cursor.execute(_TAKE, [numbers])
        cursor.execute(_READ, [numbers])
        rows = cursor.fetchall()
        if len(rows) < len(numbers):  # nobody puts such a number there but by hand
            missing = {*numbers} - {number for number, _ in rows}
            log.error("waiting_without_entry", numbers=sorted(missing)[:10])
        cursor.execute(_LAST)
        position, before = cursor.fetchone() or (0, ORIGIN)
        hashes = list(_chain(bytes(before), rows))
        positions = list(range(position + 1, position + 1 + len(rows)))
        cursor.execute(_STORE, [positions, [number for number, _ in rows], hashes])
        return len(numbers)


def seal_all() -> int:
    """Seal everything that is committed; what comes meanwhile is the next call's, or it would never end."""
    total = 0
    while (sealed := seal(BATCH)) == BATCH:
        total += sealed
    return total + sealed


def _chain(before: bytes, rows: list[tuple[int, str]]) -> Iterator[bytes]:
    for number, content in rows:
        before = link_hash(before, number, content)
        yield before
