# SPDX-License-Identifier: EUPL-1.2
"""What a page brings back from SCS, read with suspicion: it went through a browser."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from varmentaja.pki.foreign import load_foreign
from varmentaja.relying_party.refusals import Outcome, Refused

MOST_CERTIFICATES = 8
_LONGEST_TEXT = 16_384

_HASHES: Mapping[str, hashes.HashAlgorithm] = {
    "SHA256": hashes.SHA256(),
    "SHA384": hashes.SHA384(),
    "SHA512": hashes.SHA512(),
}

_OUTCOMES = {
    "no_card": Outcome.NO_CARD,
    "card_removed": Outcome.NO_CARD,
    "wrong_origin": Outcome.WRONG_ORIGIN,
    "no_certificate": Outcome.WRONG_PURPOSE,
    "cancelled": Outcome.NOT_GIVEN,
    "pin_locked": Outcome.NOT_GIVEN,
    "not_activated": Outcome.NOT_GIVEN,
    401: Outcome.NOT_GIVEN,
    403: Outcome.WRONG_ORIGIN,
    404: Outcome.NO_CARD,
}


@dataclass(frozen=True, slots=True)
class Signature:
    """A signature of ``signatureType`` "signature" with the certificates that came along, all unchecked."""

    algorithm: str
    """As SCS names it: ``SHA256withECDSA``, ``SHA384withRSA`` …"""
    value: bytes
    """DER ``SEQUENCE { r, s }`` for EC, PKCS #1 v1.5 for RSA."""
    chain: tuple[x509.Certificate, ...]
    """Leaf first. The rest is not relied on: paths are built from what is configured."""

    @property
    def certificate(self) -> x509.Certificate:
        """The signer's certificate."""
        return self.chain[0]

    def check(self, content: bytes) -> None:
        """Verify the signature over ``content`` with the leaf's key; raises Refused(BAD_SIGNATURE)."""
        name, _, scheme = self.algorithm.partition("with")
        algorithm = _HASHES.get(name.replace("-", "").upper())
        is_ec = isinstance(self.certificate.public_key(), ec.EllipticCurvePublicKey)
        if algorithm is None or scheme.upper() != ("ECDSA" if is_ec else "RSA"):
            raise Refused(Outcome.BAD_SIGNATURE, f"algorithm {self.algorithm[:40]!r} does not fit the key")
        if not verified_by(self.certificate, algorithm, self.value, content):
            raise Refused(Outcome.BAD_SIGNATURE)


def verified_by(
    certificate: x509.Certificate, algorithm: hashes.HashAlgorithm, signature: bytes, content: bytes
) -> bool:
    """Whether a certificate's key made this signature (ECDSA, or RSA with PKCS #1 v1.5)."""
    key = certificate.public_key()
    try:
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, content, ec.ECDSA(algorithm))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, content, padding.PKCS1v15(), algorithm)
        else:
            return False
    except InvalidSignature:
        return False
    return True


def read_answer(data: object) -> Signature:
    """Read the JSON object that ``POST /sign`` answered, or its text.

    Raises Refused: NO_CARD, NOT_GIVEN, WRONG_ORIGIN or WRONG_PURPOSE when the program said so, else
    BAD_ANSWER.
    """
    if isinstance(data, str):
        data = _parsed(data)
    if not isinstance(data, Mapping):
        raise Refused(Outcome.BAD_ANSWER, "not an object")
    if data.get("status") != "ok":
        raise _refusal_of(data)
    if data.get("signatureType", "signature") != "signature":
        raise Refused(Outcome.BAD_ANSWER, "another kind of signature than was asked for")
    chain = data.get("chain")
    if not isinstance(chain, list) or not 1 <= len(chain) <= MOST_CERTIFICATES:
        raise Refused(Outcome.BAD_ANSWER, "no chain")
    try:
        certificates = tuple(load_foreign(_decoded(item)) for item in chain)
    except ValueError:
        raise Refused(Outcome.BAD_ANSWER, "a certificate cannot be read") from None
    algorithm = data.get("signatureAlgorithm")
    if not isinstance(algorithm, str):
        raise Refused(Outcome.BAD_ANSWER, "no signature algorithm")
    return Signature(algorithm, _decoded(data.get("signature")), certificates)


def _parsed(text: str) -> object:
    try:
        parsed: object = json.loads(text)
    except (ValueError, RecursionError):
        raise Refused(Outcome.BAD_ANSWER, "not JSON") from None
    return parsed


def _refusal_of(data: Mapping[str, object]) -> Refused:
    """The program's own reason: ours names the problem, every program gives a code."""
    for name in ("problem", "reasonCode"):
        value = data.get(name)
        if isinstance(value, str | int) and value in _OUTCOMES:
            return Refused(_OUTCOMES[value], str(data.get("reasonText"))[:200])
    return Refused(Outcome.BAD_ANSWER, str(data.get("reasonText"))[:200])


def _decoded(value: object) -> bytes:
    if not isinstance(value, str) or len(value) > _LONGEST_TEXT:
        raise Refused(Outcome.BAD_ANSWER, "a text is missing or too long")
    try:
        return base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise Refused(Outcome.BAD_ANSWER, "not base64") from None
