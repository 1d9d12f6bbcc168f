# SPDX-License-Identifier: EUPL-1.2
"""The data key store: opened once a process, made at the first start."""

from __future__ import annotations

import os
import secrets
from functools import lru_cache
from pathlib import Path

from varmentaja.config import settings
from varmentaja.domain.errors import DomainError, Kind, unavailable
from varmentaja.files import write_new
from varmentaja.pki.keystore import KeyStore, open_software_store

WRAPPING = "data-key-wrapping"
IDENTITY_CODES = "identity-code-hash"
CHALLENGES = "challenge"


def read_passphrase(path: Path, *, make: bool) -> bytes:
    """The passphrase in ``path``; with ``make`` a new one (256 random bits, mode 0600) if there is none.

    Raises DomainError: unavailable.
    """
    if make and not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_new(path, secrets.token_urlsafe(32).encode())
    try:
        return path.read_bytes().strip()
    except OSError as error:
        raise unavailable("The passphrase file %(file)s cannot be read.", file=str(path)) from error


@lru_cache(maxsize=1)
def data_store() -> KeyStore:
    """The key store of portal and worker, with its secrets in place."""
    now = settings()
    passphrase = read_passphrase(now.data_passphrase, make=now.test_service)
    store = open_software_store(now.data_keys, passphrase, random=os.urandom)
    for label in (WRAPPING, IDENTITY_CODES, CHALLENGES):
        _ensure_secret(store, label)
    return store


def _ensure_secret(store: KeyStore, label: str) -> None:
    try:
        if not store.has(label):
            store.generate_secret(label)
    except DomainError as error:  # another process was first
        if error.kind is not Kind.CONFLICT:
            raise
