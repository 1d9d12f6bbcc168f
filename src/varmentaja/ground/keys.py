# SPDX-License-Identifier: EUPL-1.2
"""The authorities' key store: opened by the worker (and by the ceremony) alone."""

from __future__ import annotations

import os
from functools import lru_cache

from varmentaja.apps.vault.store import read_passphrase
from varmentaja.config import Settings, settings
from varmentaja.pki.keystore import KeyStore, open_software_store


@lru_cache(maxsize=1)
def authority_store() -> KeyStore:
    """Keys of authorities and OCSP responders, and the master secret of activation codes: in a token where
    one is set, else in encrypted files."""
    now = settings()
    if now.pkcs11_module is not None:
        return _token(now)
    passphrase = read_passphrase(now.authorities_passphrase, make=now.test_service)
    return open_software_store(now.authority_keys, passphrase, random=os.urandom)


def is_within_reach() -> bool:
    """Whether this process has what opens the store; nothing is made to find out."""
    now = settings()
    secret = now.pkcs11_pin_file or now.authorities_passphrase
    return secret.is_file() and os.access(secret, os.R_OK)


def _token(now: Settings) -> KeyStore:
    from varmentaja.pki.keystore.pkcs11_token import open_token_store

    assert now.pkcs11_token is not None and now.pkcs11_pin_file is not None, "the settings are whole"
    pin = read_passphrase(now.pkcs11_pin_file, make=False).decode()
    return open_token_store(str(now.pkcs11_module), now.pkcs11_token, pin)
