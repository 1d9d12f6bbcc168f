# SPDX-License-Identifier: EUPL-1.2
"""A key store in a PKCS#11 token (SoftHSM, a hardware module): keys are made in it and stay there."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

import pkcs11
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from pkcs11 import Attribute, KeyType, Mechanism, MechanismFlag, ObjectClass
from pkcs11.util.ec import encode_named_curve_parameters

from varmentaja.domain.errors import conflict, not_found, unavailable
from varmentaja.pki import der
from varmentaja.pki.algorithms import CURVES, RSA_BITS, Hash, KeyAlgorithm, PublicKey, digest
from varmentaja.pki.der_reader import Reader
from varmentaja.pki.keystore.base import SECRET_BYTES, hkdf_expand

_DIGEST_OIDS = {
    Hash.SHA256: "2.16.840.1.101.3.4.2.1",
    Hash.SHA384: "2.16.840.1.101.3.4.2.2",
    Hash.SHA512: "2.16.840.1.101.3.4.2.3",
}
_INSIDE_ONLY = {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False}


class TokenKeyStore:
    """The `KeyStore` of one token, made by `open_token_store`; threads take turns at its one session."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._lock = threading.Lock()
        self._found: dict[tuple[str, ObjectClass], Any] = {}

    def generate(self, label: str, algorithm: KeyAlgorithm) -> PublicKey:
        """Make a key pair in the token."""
        self._refuse_taken(label)
        options = {
            "store": True,
            "label": label,
            "id": label.encode(),
            "capabilities": MechanismFlag.SIGN | MechanismFlag.VERIFY,
            "private_template": _INSIDE_ONLY,
        }
        with self._using() as session:
            if algorithm.is_rsa:
                session.generate_keypair(KeyType.RSA, RSA_BITS[algorithm], **options)
            else:
                curve = encode_named_curve_parameters(CURVES[algorithm].name)
                parameters = session.create_domain_parameters(
                    KeyType.EC, {Attribute.EC_PARAMS: curve}, local=True
                )
                parameters.generate_keypair(mechanism=Mechanism.EC_KEY_PAIR_GEN, **options)
        return self.public_key(label)

    def generate_secret(self, label: str) -> None:
        """Make a secret in the token."""
        self._refuse_taken(label)
        with self._using() as session:
            session.generate_key(
                KeyType.GENERIC_SECRET,
                SECRET_BYTES * 8,
                mechanism=Mechanism.GENERIC_SECRET_KEY_GEN,
                store=True,
                label=label,
                id=label.encode(),
                capabilities=MechanismFlag.SIGN | MechanismFlag.VERIFY,
                template=_INSIDE_ONLY,
            )

    def has(self, label: str) -> bool:
        """Whether the token holds a key pair or secret of this label."""
        return any(
            self._search(label, kind) is not None
            for kind in (ObjectClass.PRIVATE_KEY, ObjectClass.SECRET_KEY)
        )

    def public_key(self, label: str) -> PublicKey:
        """The public key object beside the private key."""
        key = self._object(label, ObjectClass.PUBLIC_KEY)
        with self._using():
            if key.key_type is KeyType.RSA:
                modulus, exponent = key[Attribute.MODULUS], key[Attribute.PUBLIC_EXPONENT]
                return rsa.RSAPublicNumbers(
                    int.from_bytes(exponent, "big"), int.from_bytes(modulus, "big")
                ).public_key()
            parameters, point = key[Attribute.EC_PARAMS], key[Attribute.EC_POINT]
        curve = next(
            curve for curve in CURVES.values() if encode_named_curve_parameters(curve.name) == parameters
        )
        return ec.EllipticCurvePublicKey.from_encoded_point(curve, Reader(point).read(0x04))

    def sign(self, label: str, data: bytes, name: Hash) -> bytes:
        """Sign ``data``, hashed here."""
        return self.sign_digest(label, digest(name, data), name)

    def sign_digest(self, label: str, digest: bytes, name: Hash) -> bytes:
        """Sign a digest in the token."""
        key = self._object(label, ObjectClass.PRIVATE_KEY)
        with self._using():
            if key.key_type is KeyType.RSA:
                return cast(bytes, key.sign(_digest_info(digest, name), mechanism=Mechanism.RSA_PKCS))
            raw = key.sign(digest, mechanism=Mechanism.ECDSA)
        half = len(raw) // 2
        return encode_dss_signature(int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big"))

    def derive(self, label: str, info: bytes, length: int) -> bytes:
        """Derive from a secret; only HMACs leave the token."""
        key = self._object(label, ObjectClass.SECRET_KEY)
        with self._using():
            return hkdf_expand(
                lambda block: cast(bytes, key.sign(block, mechanism=Mechanism.SHA256_HMAC)), info, length
            )

    def close(self) -> None:
        """Log out of the token."""
        with self._lock:
            self._session.close()

    def _refuse_taken(self, label: str) -> None:
        if self.has(label):
            raise conflict("The key store already has a key named %(label)s.", label=label)

    def _object(self, label: str, kind: ObjectClass) -> Any:
        found = self._search(label, kind)
        if found is None:
            raise not_found("The key store has no key named %(label)s.", label=label)
        return found

    def _search(self, label: str, kind: ObjectClass) -> Any | None:
        if (label, kind) not in self._found:
            with self._using() as session:
                objects = session.get_objects({Attribute.CLASS: kind, Attribute.ID: label.encode()})
                found = next(iter(list(objects)), None)
            if found is None:
                return None
            self._found[label, kind] = found
        return self._found[label, kind]

    @contextmanager
    def _using(self) -> Iterator[Any]:
        with self._lock:
            try:
                yield self._session
            except pkcs11.PKCS11Error as error:
                raise unavailable("The key store's device does not answer as it should.") from error


def open_token_store(module: str, token_label: str, pin: str) -> TokenKeyStore:
    """Log in to a token of a PKCS#11 module (a path); `unavailable` if it cannot be reached or refuses the
    PIN.
    """
    try:
        token = pkcs11.lib(module).get_token(token_label=token_label)
        return TokenKeyStore(token.open(rw=True, user_pin=pin))
    except pkcs11.PKCS11Error as error:
        raise unavailable("The key store's device does not open.") from error


def _digest_info(digest: bytes, name: Hash) -> bytes:
    """DigestInfo of RFC 8017 §9.2, which CKM_RSA_PKCS pads and signs."""
    return der.sequence(der.sequence(der.oid(_DIGEST_OIDS[name]), der.NULL), der.octet_string(digest))
