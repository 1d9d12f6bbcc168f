# SPDX-License-Identifier: EUPL-1.2
"""A website's server in a transaction of SCS 1.3; its JOSE is made by joserfc, not by the product."""

from __future__ import annotations

import base64
import hashlib
import json
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key
from joserfc import jwe, jws
from joserfc.jwk import ECKey, OctKey, RSAKey

NONCE = "n" * 64


class Site:
    """A website's server: its certificate, its key for the agreement, and what it makes of the answers."""

    def __init__(
        self, origin: str, *, now: datetime, name: str = "", kind: str = "ec", lasts: int = 30
    ) -> None:
        """``name`` is the certificate's, the origin's host when left out; it ends in ``lasts`` days."""
        self.origin = origin
        host = name or str(urlsplit(origin).hostname)
        self.key: Any = (
            ec.generate_private_key(ec.SECP256R1()) if kind == "ec" else rsa.generate_private_key(65537, 2048)
        )
        self.algorithm = "ES256" if kind == "ec" else "RS256"
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, host)])
        self.certificate = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(subject)
            .public_key(self.key.public_key())
            .serial_number(1)
            .not_valid_before(now - timedelta(days=100))
            .not_valid_after(now + timedelta(days=lasts))
            .add_extension(x509.SubjectAlternativeName([_san(host)]), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        self.agreement = ec.generate_private_key(ec.SECP256R1())
        spki = self.agreement.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.server_key = base64.b64encode(spki).decode()
        self.secret = b""

    def begin(self, usage: str = "digitalSignature", **changes: Any) -> bytes:
        """The JWS that begins a transaction."""
        der = self.certificate.public_bytes(Encoding.DER)
        payload = {
            "version": "1.3",
            "serverKey": self.server_key,
            "serverCert": base64.b64encode(der).decode(),
            "strictKeyPolicy": False,
            "selector": {"keyusages": [usage]},
        }
        kind = ECKey if self.algorithm == "ES256" else RSAKey
        key = kind.import_key(self.key)
        text = json.dumps(payload | changes).encode()
        return jws.serialize_compact({"alg": self.algorithm}, text, key).encode()

    def agree(self, answer: Any) -> dict[str, Any]:
        """Verify the card's answer and derive the secret."""
        assert isinstance(answer, str), answer
        payload = json.loads(base64.urlsafe_b64decode(answer.split(".")[1] + "=="))
        leaf = base64.b64decode(payload["chain"][0])
        key = ECKey.import_key(
            x509.load_der_x509_certificate(leaf)
            .public_key()
            .public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        )
        verified = jws.deserialize_compact(answer, key, algorithms=["ES384"])
        assert verified.headers()["kid"] == hashlib.sha1(leaf).hexdigest().upper()
        other = load_der_public_key(base64.b64decode(payload["transaction"]))
        assert isinstance(other, ec.EllipticCurvePublicKey)
        self.secret = self.agreement.exchange(ec.ECDH(), other)
        return dict(payload)

    def execute(self, signed: bytes | None = None, **changes: Any) -> bytes:
        """The JWE that has the challenge, or what else is to be signed."""
        challenge = f"{self.origin};{NONCE};{self.server_key}".encode()
        payload = {
            "version": "1.3",
            "content": base64.b64encode(challenge if signed is None else signed).decode(),
            "contentType": "data",
            "hashAlgorithm": "SHA384",
            "signatureAlgorithm": "ECDSA",
            "signatureType": "signature",
        }
        key = OctKey.import_key(self.secret)
        header = {"alg": "dir", "enc": "A256GCM"}
        return jwe.encrypt_compact(header, json.dumps(payload | changes), key).encode()

    def opened(self, answer: Any) -> dict[str, Any]:
        """What the answer to the execution says."""
        assert isinstance(answer, str), answer
        plaintext = jwe.decrypt_compact(answer, OctKey.import_key(self.secret)).plaintext
        assert plaintext is not None
        return dict(json.loads(plaintext))


def _san(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(host))
    except ValueError:
        return x509.DNSName(host)
