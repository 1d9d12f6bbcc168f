# SPDX-License-Identifier: EUPL-1.2
"""The authorities' key store: opened by the worker (and by the ceremony) alone."""

from __future__ import annotations

import os
from functools import lru_cache

from varmentaja.apps.vault.store import read_passphrase
from varmentaja.config import settings
from varmentaja.pki.keystore import KeyStore, open_software_store


@lru_cache(maxsize=1)
def authority_store() -> KeyStore:
    """Keys of authorities and OCSP responders, and the master secret of activation codes."""
    now = settings()
    passphrase = read_passphrase(now.authorities_passphrase, make=now.test_service)
    return open_software_store(now.authority_keys, passphrase, random=os.urandom)
