# SPDX-License-Identifier: EUPL-1.2
"""How large a nation is; needs no Django."""

from __future__ import annotations

AUTHORITIES = ("professionals-ecc", "professionals-ecc", "temporary-ecc", "temporary-ecc")
"""Who issued a holder's certificates; of each two, the first authenticates and the second signs."""
EACH = len(AUTHORITIES)
_IN_A_SHARD = 100_000


def shards_for(certificates: int) -> int:
    """Of each authority, in a nation of so many."""
    return max(1, -(-certificates // len(set(AUTHORITIES)) // _IN_A_SHARD))
