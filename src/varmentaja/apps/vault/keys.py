# SPDX-License-Identifier: EUPL-1.2
"""Keys derived from the data key store for one use each."""

from __future__ import annotations

from varmentaja.apps.vault.store import CHALLENGES, data_store


def challenge_key() -> bytes:
    """The key of sign-in challenges (relying_party/challenge.py)."""
    return data_store().derive(CHALLENGES, b"sign-in", 32)
