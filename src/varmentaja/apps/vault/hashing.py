# SPDX-License-Identifier: EUPL-1.2
"""The keyed hash by which an identity code is found without being readable."""

from __future__ import annotations

from varmentaja.apps.vault.store import IDENTITY_CODES, data_store
from varmentaja.pki.keystore import keyed_hash


def identity_code_hash(code: str) -> str:
    """HMAC-SHA256 of an identity code under a key of the data key store: 64 hex characters."""
    return keyed_hash(data_store(), IDENTITY_CODES, code.encode()).hex()
