# SPDX-License-Identifier: EUPL-1.2
"""The little of JOSE that SCS transactions need: compact JWS (RFC 7515), JWE by dir + A256GCM (RFC 7516)."""

from __future__ import annotations

import base64
import binascii
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from varmentaja.domain.errors import message
from varmentaja.reader.scs import bad_request, forbidden, json_object

_NONCE, _TAG = 12, 16
_SEALED = {"alg": "dir", "enc": "A256GCM"}


@dataclass(frozen=True, slots=True)
class Jws:
    """A compact JWS, read but not verified."""

    algorithm: str
    payload: Mapping[str, Any]
    signed: bytes
    """What the signature is over."""
    signature: bytes


def read_jws(segments: Sequence[str]) -> Jws:
    """Read the three parts; raises ScsError."""
    header, payload, signature = segments
    algorithm = json_object(decoded(header)).get("alg")
    return Jws(
        algorithm=algorithm if isinstance(algorithm, str) else "",
        payload=json_object(decoded(payload)),
        signed=f"{header}.{payload}".encode(),
        signature=decoded(signature),
    )


def signing_input(header: Mapping[str, Any], payload: Mapping[str, Any]) -> str:
    """The first two parts of a compact JWS: what is signed."""
    return f"{encoded(json.dumps(header).encode())}.{encoded(json.dumps(payload).encode())}"


def open_jwe(segments: Sequence[str], key: bytes) -> bytes:
    """The plaintext of the five parts; raises ScsError when it was sealed otherwise or with another key."""
    protected, wrapped, nonce, sealed, tag = segments
    header = json_object(decoded(protected))
    lengths = len(decoded(nonce)), len(decoded(tag))
    if wrapped or any(header.get(name) != value for name, value in _SEALED.items()):
        raise bad_request(message("A sealed transaction uses dir and A256GCM."))
    if lengths != (_NONCE, _TAG) or "crit" in header or "zip" in header:
        raise bad_request(message("The sealed transaction cannot be read."))
    try:
        return AESGCM(key).decrypt(decoded(nonce), decoded(sealed) + decoded(tag), protected.encode())
    except InvalidTag:
        raise forbidden(message("The transaction was sealed with another key.")) from None


def seal_jwe(plaintext: bytes, key: bytes) -> str:
    """A compact JWE under ``key`` (32 octets)."""
    protected = encoded(json.dumps(_SEALED).encode())
    nonce = os.urandom(_NONCE)
    sealed = AESGCM(key).encrypt(nonce, plaintext, protected.encode())
    return f"{protected}..{encoded(nonce)}.{encoded(sealed[:-_TAG])}.{encoded(sealed[-_TAG:])}"


def encoded(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """The bytes of base64url without padding; raises ScsError."""
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise bad_request(message("A part of the transaction is not base64url.")) from None
