# SPDX-License-Identifier: EUPL-1.2
"""Proof of possession: the card signs our challenge with its new key before anything is certified."""

from __future__ import annotations

from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from varmentaja.card.driver import HashAlgorithm, KeyRole

HASHES: dict[HashAlgorithm, hashes.HashAlgorithm] = {
    HashAlgorithm.SHA256: hashes.SHA256(),
    HashAlgorithm.SHA384: hashes.SHA384(),
    HashAlgorithm.SHA512: hashes.SHA512(),
}
PROOF_HASH = HashAlgorithm.SHA256


@dataclass(frozen=True, slots=True)
class KeyProof:
    """A public key (SubjectPublicKeyInfo, DER) and its signature over ``message()``."""

    public_key: bytes
    signature: bytes


def message(challenge: bytes, chip_serial: str, role: KeyRole) -> bytes:
    """What the key signs: it can be taken for nothing else, no other chip, no other key of the chip."""
    return b"|".join((b"varmentaja proof of possession", chip_serial.encode(), role.encode(), challenge))


def holds(proof: KeyProof, challenge: bytes, chip_serial: str, role: KeyRole) -> bool:
    """True if the signature was made by the private half of the public key."""
    key, signed = load_der_public_key(proof.public_key), message(challenge, chip_serial, role)
    algorithm = HASHES[PROOF_HASH]
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(proof.signature, signed, ec.ECDSA(algorithm))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(proof.signature, signed, padding.PKCS1v15(), algorithm)
        else:
            return False
    except InvalidSignature:
        return False
    return True
