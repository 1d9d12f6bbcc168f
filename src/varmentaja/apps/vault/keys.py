# SPDX-License-Identifier: EUPL-1.2
"""Keys derived from the data key store for one use each."""

from __future__ import annotations

from varmentaja.apps.vault.store import CHALLENGES, data_store


def challenge_key() -> bytes:
    """The key of sign-in challenges (relying_party/challenge.py)."""
    return data_store().derive(CHALLENGES, b"sign-in", 32)


def possession_challenge(order_key: str, chip_serial: str) -> bytes:
    """What the keys of a chip sign before they are certified for an order: nobody can know it before."""
    return data_store().derive(CHALLENGES, f"possession|{order_key}|{chip_serial}".encode(), 32)
