# SPDX-License-Identifier: EUPL-1.2
"""Signed JSON: ``{"signed": "<JSON text>", "signature": "<base64>"}``.

The signature is over the text as it stands, after a line that names what it is, so that no canonical form is
needed and a manifest can never pass for a head.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from varmentaja.domain.errors import invalid

Sign = Callable[[bytes], bytes]
"""Signs with the publisher's key: ECDSA (DER) or RSA PKCS#1 v1.5; SHA-384 for P-384, else SHA-256."""
Verify = Callable[[bytes, bytes], bool]
"""(signature, data) → whether the publisher signed it."""


def seal(what: str, content: dict[str, Any], sign: Sign) -> bytes:
    """Sign ``content`` as a document of the kind ``what``."""
    text = json.dumps(content, sort_keys=True, separators=(",", ":"))
    signature = base64.b64encode(sign(_signed_bytes(what, text))).decode()
    return json.dumps({"signed": text, "signature": signature}, indent=1).encode() + b"\n"


def unseal(what: str, document: bytes, verify: Verify) -> dict[str, Any]:
    """Return the content of a sealed document; raise ``invalid`` when it is broken or not the publisher's."""
    try:
        envelope = json.loads(document)
        text, signature = envelope["signed"], base64.b64decode(envelope["signature"], validate=True)
        if verify(signature, _signed_bytes(what, text)):
            content: dict[str, Any] = json.loads(text)
            return content
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error) as error:
        raise invalid("The publication's %(what)s cannot be read.", what=what) from error
    raise invalid("The publication's %(what)s is not signed by the publisher.", what=what)


def verifier(key: ec.EllipticCurvePublicKey | rsa.RSAPublicKey) -> Verify:
    """Make the check that belongs to the publisher's public key."""

    def verify(signature: bytes, data: bytes) -> bool:
        try:
            if isinstance(key, rsa.RSAPublicKey):
                key.verify(signature, data, padding.PKCS1v15(), hashes.SHA256())
            else:
                key.verify(signature, data, ec.ECDSA(_hash_for(key)))
        except InvalidSignature:
            return False
        return True

    return verify


def _hash_for(key: ec.EllipticCurvePublicKey) -> hashes.HashAlgorithm:
    return hashes.SHA384() if key.curve.key_size > 256 else hashes.SHA256()


def _signed_bytes(what: str, text: str) -> bytes:
    return f"varmentaja publication {what} 1\n{text}".encode()
