# SPDX-License-Identifier: EUPL-1.2
"""The publisher's public key, as an operator gives it to a program."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from varmentaja.pki.algorithms import PublicKey
from varmentaja.pki.publication import Verify, verifier


def read_verifier(path: Path) -> Verify:
    """Read the publisher's public key (PEM; EC or RSA)."""
    return verifier(read_key(path))


def read_key(path: Path) -> PublicKey:
    """Read a public key (PEM; EC or RSA)."""
    key = load_pem_public_key(path.read_bytes())
    if not isinstance(key, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
        raise SystemExit(f"{path}: not an EC or RSA public key")
    return key
