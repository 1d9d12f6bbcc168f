# SPDX-License-Identifier: EUPL-1.2
"""Tell the publisher that something changed; it starts when the transaction commits."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.status.models import CrlShard
from varmentaja.apps.status.tasks import publish_changes


def announce_issuance() -> None:
    """New certificates wait for their first answer."""
    publish_changes.defer()


def announce_revocation(rows: Iterable[Certificate], *, now: datetime) -> None:
    """The lists that the revoked certificates belong to are due at once, ahead of their schedule."""
    # In the publisher's order of locking: two that lock the other way round would wait for each other.
    for authority, shard in sorted({(row.authority, row.shard) for row in rows}):
        CrlShard.objects.filter(authority=authority, shard=shard).update(changed_at=now)
    publish_changes.defer()
