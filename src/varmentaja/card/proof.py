# SPDX-License-Identifier: EUPL-1.2
"""Proof of possession: the card signs the issuer's challenge with its new key before anything is certified.

Whoever certifies checks it (``pki.possession``); here is what is signed.
"""

from __future__ import annotations

from dataclasses import dataclass

from varmentaja.card.driver import HashAlgorithm, KeyRole

PROOF_HASH = HashAlgorithm.SHA256


@dataclass(frozen=True, slots=True)
class KeyProof:
    """A public key (SubjectPublicKeyInfo, DER) and its signature over ``message()``."""

    public_key: bytes
    signature: bytes


def message(challenge: bytes, chip_serial: str, role: KeyRole) -> bytes:
    """What the key signs: it can be taken for nothing else, no other chip, no other key of the chip."""
    return b"|".join((b"varmentaja proof of possession", chip_serial.encode(), role.encode(), challenge))
