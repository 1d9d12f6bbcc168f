# SPDX-License-Identifier: EUPL-1.2
"""Proof of possession: nothing is certified before its private key has signed our challenge (decision 14)."""

from __future__ import annotations

from varmentaja.domain.errors import invalid
from varmentaja.pki.algorithms import Hash, PublicKey, read_public_key, verifies


def verify_possession(
    public_key: bytes, message: bytes, signature: bytes, *, name: Hash = Hash.SHA256
) -> PublicKey:
    """Check a card's signature over ``message`` and return the key that may now be certified.

    ``public_key`` is SubjectPublicKeyInfo (DER), ``signature`` ECDSA (DER) or RSA PKCS#1 v1.5. The message
    holds the challenge, the chip and the key's role, so that a proof fits one key of one chip (see
    ``varmentaja.card.proof.message``). `invalid`: an unfit kind of key, or a signature by another key.
    """
    key = read_public_key(public_key)
    if not verifies(key, signature, message, name):
        raise invalid("The card did not prove that it holds the private key.", field="signature")
    return key
