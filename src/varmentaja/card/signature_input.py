# SPDX-License-Identifier: EUPL-1.2
"""How cards are asked to sign.

A MyEID card is given a DigestInfo for RSA and the digest itself for EC; an S4-2 card always the digest, with
its hash function named in the environment.
"""

from __future__ import annotations

import hashlib

from varmentaja.card import tlv
from varmentaja.card.apdu import Command
from varmentaja.card.driver import HashAlgorithm

ALGORITHM_RSA_PKCS1 = 0x02
ALGORITHM_ECDSA = 0x04
SCHEME_PKCS1 = 0x02
SCHEME_ECDSA = 0x04

# DigestInfo up to the digest (RFC 8017 9.2, note 1).
_PREFIXES = {
    HashAlgorithm.SHA256: bytes.fromhex("3031300d060960864801650304020105000420"),
    HashAlgorithm.SHA384: bytes.fromhex("3041300d060960864801650304020205000430"),
    HashAlgorithm.SHA512: bytes.fromhex("3051300d060960864801650304020305000440"),
}


def digest_of(content: bytes, algorithm: HashAlgorithm) -> bytes:
    """The digest of ``content``."""
    return hashlib.new(algorithm, content).digest()


def digest_size(algorithm: HashAlgorithm) -> int:
    """Bytes of a digest."""
    return hashlib.new(algorithm).digest_size


def digest_info(digest: bytes, algorithm: HashAlgorithm) -> bytes:
    """DER DigestInfo of a digest, which the card pads by PKCS#1 v1.5."""
    return _PREFIXES[algorithm] + digest


_HASH_NIBBLES = {HashAlgorithm.SHA256: 0x40, HashAlgorithm.SHA384: 0x50, HashAlgorithm.SHA512: 0x60}


def algorithm_byte(hashing: HashAlgorithm, scheme: int) -> int:
    """An S4-2 card's name for a hash function with a signature scheme."""
    return _HASH_NIBBLES[hashing] | scheme


def environment_by_reference(algorithm: int, key: int) -> Command:
    """MANAGE SECURITY ENVIRONMENT of an S4-2 card: sign with the key of this reference."""
    data = tlv.encode(0x80, bytes((algorithm,))) + tlv.encode(0x84, bytes((key,)))
    return Command(0x00, 0x22, 0x41, 0xB6, data)


def environment(algorithm: int, key_file: int) -> Command:
    """MANAGE SECURITY ENVIRONMENT of a MyEID card: sign with this key file by this algorithm."""
    data = tlv.encode(0x80, bytes((algorithm,))) + tlv.encode(0x81, key_file.to_bytes(2))
    return Command(0x00, 0x22, 0x41, 0xB6, data)


def compute(data: bytes) -> Command:
    """COMPUTE DIGITAL SIGNATURE over a digest or DigestInfo."""
    return Command(0x00, 0x2A, 0x9E, 0x9A, data, le=256)
