# SPDX-License-Identifier: EUPL-1.2
"""Kinds of key and the one signature algorithm we use with each."""

from __future__ import annotations

from enum import StrEnum
from typing import cast

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from varmentaja.domain.errors import invalid
from varmentaja.pki import der

PublicKey = rsa.RSAPublicKey | ec.EllipticCurvePublicKey
PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class Hash(StrEnum):
    """Hash algorithms a key may sign over."""

    SHA256 = "sha256"
    SHA384 = "sha384"
    SHA512 = "sha512"


class KeyAlgorithm(StrEnum):
    """A kind of key: family and size. Room for later ones is one member and one row in each table below."""

    P256 = "p-256"
    P384 = "p-384"
    RSA3072 = "rsa-3072"
    RSA4096 = "rsa-4096"

    @property
    def is_rsa(self) -> bool:
        """Whether the key is RSA (signatures by PKCS#1 v1.5), else EC (ECDSA)."""
        return self in RSA_BITS


RSA_BITS = {KeyAlgorithm.RSA3072: 3072, KeyAlgorithm.RSA4096: 4096}
CURVES: dict[KeyAlgorithm, ec.EllipticCurve] = {
    KeyAlgorithm.P256: ec.SECP256R1(),
    KeyAlgorithm.P384: ec.SECP384R1(),
}
# The RSA authorities sign with SHA-512 and the P-384 ones with SHA-384, as FINEID's do.
SIGNING_HASH = {
    KeyAlgorithm.P256: Hash.SHA256,
    KeyAlgorithm.P384: Hash.SHA384,
    KeyAlgorithm.RSA3072: Hash.SHA256,
    KeyAlgorithm.RSA4096: Hash.SHA512,
}
_HASHES: dict[Hash, hashes.HashAlgorithm] = {
    Hash.SHA256: hashes.SHA256(),
    Hash.SHA384: hashes.SHA384(),
    Hash.SHA512: hashes.SHA512(),
}
_RSA_SIGNATURES = {
    Hash.SHA256: "1.2.840.113549.1.1.11",
    Hash.SHA384: "1.2.840.113549.1.1.12",
    Hash.SHA512: "1.2.840.113549.1.1.13",
}
_ECDSA_SIGNATURES = {
    Hash.SHA256: "1.2.840.10045.4.3.2",
    Hash.SHA384: "1.2.840.10045.4.3.3",
    Hash.SHA512: "1.2.840.10045.4.3.4",
}


def hash_function(name: Hash) -> hashes.HashAlgorithm:
    """The library's object for a hash."""
    return _HASHES[name]


def digest(name: Hash, data: bytes) -> bytes:
    """Hash ``data`` at once."""
    context = hashes.Hash(_HASHES[name])
    context.update(data)
    return context.finalize()


def algorithm_of(key: object) -> KeyAlgorithm:
    """Name the kind of a public key; `invalid` for any kind we do not certify."""
    if isinstance(key, rsa.RSAPublicKey):
        for algorithm, bits in RSA_BITS.items():
            if key.key_size == bits and key.public_numbers().e == 65537:
                return algorithm
    if isinstance(key, ec.EllipticCurvePublicKey):
        for algorithm, curve in CURVES.items():
            if key.curve.name == curve.name:
                return algorithm
    raise invalid("This kind of key is not accepted.", field="public_key")


def read_public_key(encoded: bytes) -> PublicKey:
    """A key of a kind that we certify, from its SubjectPublicKeyInfo; else `invalid`."""
    try:
        key = load_der_public_key(encoded)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise invalid("The public key cannot be read.", field="public_key") from error
    algorithm_of(key)
    return cast(PublicKey, key)  # algorithm_of refused everything else


def spki(key: PublicKey) -> bytes:
    """SubjectPublicKeyInfo as DER."""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def signature_identifier(algorithm: KeyAlgorithm) -> bytes:
    """AlgorithmIdentifier (DER) of signatures by a key of this kind (RFC 4055 §5, RFC 5758 §3.2)."""
    name = SIGNING_HASH[algorithm]
    if algorithm.is_rsa:
        return der.sequence(der.oid(_RSA_SIGNATURES[name]), der.NULL)
    return der.sequence(der.oid(_ECDSA_SIGNATURES[name]))


def verifies(key: PublicKey, signature: bytes, data: bytes, name: Hash) -> bool:
    """Whether ``signature`` (DER for EC, PKCS#1 v1.5 for RSA) over ``data`` is by ``key``."""
    try:
        if isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, data, padding.PKCS1v15(), _HASHES[name])
        else:
            key.verify(signature, data, ec.ECDSA(_HASHES[name]))
    except InvalidSignature:
        return False
    return True
