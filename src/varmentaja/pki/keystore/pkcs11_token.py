# SPDX-License-Identifier: EUPL-1.2
"""A key store in a PKCS#11 token (SoftHSM, a hardware module): keys are made in it and stay there."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any, TypeVar, cast

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

T = TypeVar("T")

_DIGEST_OIDS = {
    Hash.SHA256: "2.16.840.1.101.3.4.2.1",
    Hash.SHA384: "2.16.840.1.101.3.4.2.2",
    Hash.SHA512: "2.16.840.1.101.3.4.2.3",
}
_INSIDE_ONLY = {Attribute.SENSITIVE: True, Attribute.EXTRACTABLE: False}


class TokenKeyStore:
    """The `KeyStore` of one token, made by `open_token_store`; threads take turns at its one session."""

    def __init__(self, access: _Access) -> None:
        self._access = access
        self._session = access.open()
        self._lock = threading.Lock()
        self._found: dict[tuple[str, ObjectClass], Any] = {}

    def generate(self, label: str, algorithm: KeyAlgorithm) -> PublicKey:
        """Make a key pair in the token."""
        options = {
            "store": True,
            "label": label,
            "id": label.encode(),
            "capabilities": MechanismFlag.SIGN | MechanismFlag.VERIFY,
            "private_template": _INSIDE_ONLY,
        }

        def make(session: Any) -> None:
            self._refuse_taken(session, label)
            if algorithm.is_rsa:
                session.generate_keypair(KeyType.RSA, RSA_BITS[algorithm], **options)
            else:
                curve = encode_named_curve_parameters(CURVES[algorithm].name)
                parameters = session.create_domain_parameters(
                    KeyType.EC, {Attribute.EC_PARAMS: curve}, local=True
                )
                parameters.generate_keypair(mechanism=Mechanism.EC_KEY_PAIR_GEN, **options)

        self._do(make)
        return self.public_key(label)

    def generate_secret(self, label: str) -> None:
        """Make a secret in the token."""

        def make(session: Any) -> None:
            self._refuse_taken(session, label)
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

        self._do(make)

    def has(self, label: str) -> bool:
        """Whether the token holds a key pair or secret of this label."""
        return self._do(lambda session: self._holds(session, label))

    def public_key(self, label: str) -> PublicKey:
        """The public key object beside the private key."""
        return self._do(lambda session: _public_key(self._object(session, label, ObjectClass.PUBLIC_KEY)))

    def sign(self, label: str, data: bytes, name: Hash) -> bytes:
        """Sign ``data``, hashed here."""
        return self.sign_digest(label, digest(name, data), name)

    def sign_all(self, label: str, data: Sequence[bytes], name: Hash) -> list[bytes]:
        """Sign each by itself: whoever waits for one signature takes a turn between them."""
        return [self.sign(label, each, name) for each in data]

    def sign_digest(self, label: str, digest: bytes, name: Hash) -> bytes:
        """Sign a digest in the token."""
        return self._do(
            lambda session: _signature(self._object(session, label, ObjectClass.PRIVATE_KEY), digest, name)
        )

    def derive(self, label: str, info: bytes, length: int) -> bytes:
        """Derive from a secret; only HMACs leave the token."""

        def work(session: Any) -> bytes:
            key = self._object(session, label, ObjectClass.SECRET_KEY)
            return hkdf_expand(
                lambda block: cast(bytes, key.sign(block, mechanism=Mechanism.SHA256_HMAC)), info, length
            )

        return self._do(work)

    def close(self) -> None:
        """Log out of the token, unless it has ended the session itself."""
        with self._lock, suppress(pkcs11.PKCS11Error):
            self._session.close()

    def _refuse_taken(self, session: Any, label: str) -> None:
        if self._holds(session, label):
            raise conflict("The key store already has a key named %(label)s.", label=label)

    def _holds(self, session: Any, label: str) -> bool:
        kinds = (ObjectClass.PRIVATE_KEY, ObjectClass.SECRET_KEY)
        return any(self._search(session, label, kind) is not None for kind in kinds)

    def _object(self, session: Any, label: str, kind: ObjectClass) -> Any:
        found = self._search(session, label, kind)
        if found is None:
            raise not_found("The key store has no key named %(label)s.", label=label)
        return found

    def _search(self, session: Any, label: str, kind: ObjectClass) -> Any | None:
        if (label, kind) not in self._found:
            objects = session.get_objects({Attribute.CLASS: kind, Attribute.ID: label.encode()})
            found = next(iter(list(objects)), None)
            if found is None:
                return None
            self._found[label, kind] = found
        return self._found[label, kind]

    def _do(self, work: Callable[[Any], T]) -> T:
        """Work in the session, one at a time. A token that was reset has forgotten session, login and the
        keys' handles: all are had anew, once; then it is `unavailable`."""
        with self._lock:
            try:
                return work(self._session)
            except pkcs11.PKCS11Error:
                self._found.clear()
                self._session = self._access.open_anew()
            try:
                return work(self._session)
            except pkcs11.PKCS11Error as error:
                raise unavailable("The key store's device does not answer as it should.") from error


class _Access:
    """The way to a token: module, label and PIN."""

    def __init__(self, module: str, token_label: str, pin: str) -> None:
        self._module, self._label, self._pin = module, token_label, pin
        self._refused = False

    def open(self) -> Any:
        """A session that is logged in. A PIN that the token refused is never tried again: tries are few."""
        try:
            if self._refused:
                raise pkcs11.PinIncorrect
            return (
                pkcs11.lib(self._module).get_token(token_label=self._label).open(rw=True, user_pin=self._pin)
            )
        except pkcs11.PKCS11Error as error:
            self._refused = isinstance(error, pkcs11.PinIncorrect)
            raise unavailable("The key store's device does not open.") from error

    def open_anew(self) -> Any:
        """Begin with the module as if it had just been loaded."""
        try:
            pkcs11.lib(self._module).reinitialize()
        except pkcs11.PKCS11Error as error:
            raise unavailable("The key store's device does not open.") from error
        return self.open()


def open_token_store(module: str, token_label: str, pin: str) -> TokenKeyStore:
    """Log in to a token of a PKCS#11 module (a path); `unavailable` if it cannot be reached or refuses the
    PIN.
    """
    return TokenKeyStore(_Access(module, token_label, pin))


def _public_key(key: Any) -> PublicKey:
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


def _signature(key: Any, digest: bytes, name: Hash) -> bytes:
    if key.key_type is KeyType.RSA:
        return cast(bytes, key.sign(_digest_info(digest, name), mechanism=Mechanism.RSA_PKCS))
    raw = key.sign(digest, mechanism=Mechanism.ECDSA)
    half = len(raw) // 2
    return encode_dss_signature(int.from_bytes(raw[:half], "big"), int.from_bytes(raw[half:], "big"))


def _digest_info(digest: bytes, name: Hash) -> bytes:
    """DigestInfo of RFC 8017 §9.2, which CKM_RSA_PKCS pads and signs."""
    return der.sequence(der.sequence(der.oid(_DIGEST_OIDS[name]), der.NULL), der.octet_string(digest))
