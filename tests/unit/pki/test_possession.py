# SPDX-License-Identifier: EUPL-1.2
"""Proof of possession: only the key's own signature over our message counts."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st
from tests.support.pki import LINES

from varmentaja.domain.errors import DomainError
from varmentaja.pki.algorithms import PrivateKey, spki
from varmentaja.pki.possession import verify_possession

MESSAGE = b"challenge of chip 00"


def _sign(key: PrivateKey, message: bytes) -> bytes:
    if isinstance(key, rsa.RSAPrivateKey):
        return key.sign(message, padding.PKCS1v15(), hashes.SHA256())
    return key.sign(message, ec.ECDSA(hashes.SHA256()))


@pytest.mark.parametrize("line", LINES)
def test_the_keys_own_signature_is_accepted(card_keys: dict[str, PrivateKey], line: str) -> None:
    key = card_keys[line]
    assert verify_possession(spki(key.public_key()), MESSAGE, _sign(key, MESSAGE)) == key.public_key()


@pytest.mark.parametrize("line", LINES)
def test_another_message_key_or_signature_is_refused(card_keys: dict[str, PrivateKey], line: str) -> None:
    public = spki(card_keys[line].public_key())
    other = card_keys["rsa" if line == "ecc" else "ecc"]
    signature = _sign(card_keys[line], MESSAGE)
    for message, proof in (
        (b"challenge of chip 01", signature),
        (MESSAGE, _sign(other, MESSAGE)),
        (MESSAGE, signature[:-1]),
        (MESSAGE, b""),
    ):
        with pytest.raises(DomainError, match="did not prove"):
            verify_possession(public, message, proof)


def test_unfit_keys_are_refused_before_anything_is_verified() -> None:
    small = rsa.generate_private_key(65537, 2048)
    edwards = ed25519.Ed25519PrivateKey.generate().public_key()
    unfit = [spki(small.public_key()), edwards.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)]
    for public in unfit:
        with pytest.raises(DomainError, match="kind of key"):
            verify_possession(public, MESSAGE, _sign(small, MESSAGE))


@given(st.binary(max_size=200))
def test_noise_is_no_key(noise: bytes) -> None:
    with pytest.raises(DomainError):
        verify_possession(noise, MESSAGE, b"")
