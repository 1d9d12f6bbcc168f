# SPDX-License-Identifier: EUPL-1.2
"""Seals bytes with AES-256-GCM under a data key, bound to the place where they are stored.

A sealed value is: format (1 byte), number of the data key (2 bytes), nonce (12 bytes), ciphertext with tag.
A data key lies wrapped beside the key store (``data-key-<number>.wrapped``); without the store's secret it is
useless, and a database without that file is unreadable.
"""

from __future__ import annotations

import os
import re
from functools import lru_cache
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from varmentaja.apps.vault.store import WRAPPING, data_store
from varmentaja.config import settings
from varmentaja.domain.errors import unavailable
from varmentaja.files import write_new
from varmentaja.pki.keystore import unwrap, wrap

FORMAT = 1
HEADER = 3
NONCE = 12
KEY_FILE = re.compile(r"data-key-(\d{1,5})\.wrapped\Z")


def seal(value: bytes, place: str) -> bytes:
    """Encrypt ``value`` for ``place`` (table and column)."""
    number = current_key()
    header = bytes([FORMAT]) + number.to_bytes(2, "big")
    nonce = os.urandom(NONCE)
    return header + nonce + cipher(number).encrypt(nonce, value, header + place.encode())


def unseal(sealed: bytes, place: str) -> bytes:
    """Decrypt; a value that was changed, or moved from another place, raises DomainError: unavailable."""
    header, nonce = sealed[:HEADER], sealed[HEADER : HEADER + NONCE]
    if len(sealed) < HEADER + NONCE + 16 or header[0] != FORMAT:
        raise unavailable("A stored value cannot be read: it is damaged or was not written by this service.")
    try:
        return cipher(int.from_bytes(header[1:], "big")).decrypt(
            nonce, sealed[HEADER + NONCE :], header + place.encode()
        )
    except InvalidTag as error:
        raise unavailable(
            "A stored value cannot be read: it is damaged or was not written by this service."
        ) from error


@lru_cache(maxsize=1)
def current_key() -> int:
    """Number of the data key that new values get; the first is made when there is none."""
    folder = settings().keys
    store = data_store()
    found = [int(match[1]) for path in folder.iterdir() if (match := KEY_FILE.match(path.name))]
    if found:
        return max(found)
    write_new(_file(1), wrap(store, WRAPPING, AESGCM.generate_key(256), b"data-key-1", os.urandom))
    return 1


@lru_cache(maxsize=16)
def cipher(number: int) -> AESGCM:
    """The data key of this number, unwrapped."""
    try:
        wrapped = _file(number).read_bytes()
    except FileNotFoundError as error:
        raise unavailable("The data key %(number)s is missing.", number=number) from error
    return AESGCM(unwrap(data_store(), WRAPPING, wrapped, f"data-key-{number}".encode()))


def _file(number: int) -> Path:
    return settings().keys / f"data-key-{number}.wrapped"
