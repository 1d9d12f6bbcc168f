# SPDX-License-Identifier: EUPL-1.2
"""What every key store can do, and the symmetric operations built on ``derive`` alone.

A label names one key pair or one secret. A secret is 32 random bytes that never leave the store; whatever
is needed from it is *derived*, with an ``info`` that names the use, so that two uses never share a key.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Sequence
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from varmentaja.domain.errors import invalid
from varmentaja.pki.algorithms import Hash, KeyAlgorithm, PublicKey

SECRET_BYTES = 32
NONCE_BYTES = 12


class KeyStore(Protocol):
    """Keys by label. Private keys and secrets never leave it; every builder signs through it."""

    def generate(self, label: str, algorithm: KeyAlgorithm) -> PublicKey:
        """Make a key pair; `conflict` if the label is taken."""
        ...

    def generate_secret(self, label: str) -> None:
        """Make a secret; `conflict` if the label is taken."""
        ...

    def has(self, label: str) -> bool:
        """Whether a key pair or secret of this label exists."""
        ...

    def public_key(self, label: str) -> PublicKey:
        """The public half of a key pair; `not_found` if there is none."""
        ...

    def sign(self, label: str, data: bytes, name: Hash) -> bytes:
        """Sign ``data``: ECDSA (DER) or RSA PKCS#1 v1.5, by the kind of the key."""
        ...

    def sign_all(self, label: str, data: Sequence[bytes], name: Hash) -> list[bytes]:
        """The same for many by one key, in their order."""
        ...

    def sign_digest(self, label: str, digest: bytes, name: Hash) -> bytes:
        """Sign what was hashed already with ``name`` (for CRLs too large to hold twice)."""
        ...

    def derive(self, label: str, info: bytes, length: int) -> bytes:
        """HKDF-Expand with SHA-256 (RFC 5869 §2.3) from a secret; at most 255 × 32 bytes."""
        ...


def hkdf_expand(mac: Callable[[bytes], bytes], info: bytes, length: int) -> bytes:
    """RFC 5869 §2.3 over an HMAC-SHA256 that holds the key; the secret is uniform, so no extract step
    (§3.3).
    """
    if not 0 < length <= 255 * 32:
        raise ValueError("HKDF length out of range")
    block, output = b"", b""
    for counter in range(1, (length + 31) // 32 + 1):
        block = mac(block + info + bytes([counter]))
        output += block
    return output[:length]


def keyed_hash(store: KeyStore, label: str, data: bytes) -> bytes:
    """HMAC-SHA256 of ``data`` under a key derived from the secret ``label`` (32 bytes)."""
    return hmac.new(store.derive(label, b"keyed-hash", 32), data, hashlib.sha256).digest()


def wrap(store: KeyStore, label: str, key: bytes, context: bytes, random: Callable[[int], bytes]) -> bytes:
    """Encrypt a data key under the secret ``label``: nonce, then AES-256-GCM bound to ``context``."""
    nonce = random(NONCE_BYTES)
    return nonce + AESGCM(store.derive(label, b"wrap", 32)).encrypt(nonce, key, context)


def unwrap(store: KeyStore, label: str, wrapped: bytes, context: bytes) -> bytes:
    """Undo ``wrap``; `invalid` if the bytes, the context or the secret are not those it was made with."""
    cipher = AESGCM(store.derive(label, b"wrap", 32))
    try:
        return cipher.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], context)
    except (InvalidTag, ValueError) as error:
        raise invalid("The data key does not open with this key store.") from error
