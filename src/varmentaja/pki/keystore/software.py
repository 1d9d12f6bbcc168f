# SPDX-License-Identifier: EUPL-1.2
"""A key store in a folder: one encrypted file per key, opened with a passphrase.

``store.json`` holds the scrypt parameters and a sealed marker by which a wrong passphrase shows at once.
Each ``<label>.key`` is JSON whose private part is AES-256-GCM under the folder's key, bound to label, kind
and public key. Files are 0600, written beside and linked into place, so that a file is whole or not there.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import HashAlgorithm
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_der_private_key,
    load_der_public_key,
)

from varmentaja.domain.errors import conflict, invalid, not_found
from varmentaja.files import write_new
from varmentaja.pki.algorithms import (
    CURVES,
    RSA_BITS,
    Hash,
    KeyAlgorithm,
    PrivateKey,
    PublicKey,
    hash_function,
    spki,
)
from varmentaja.pki.keystore.base import NONCE_BYTES, SECRET_BYTES, hkdf_expand

SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**15, 8, 1
_LABEL = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}\Z")
_MARKER = b"varmentaja key store"


@dataclass(frozen=True, slots=True)
class _Sealed:
    """One file of the store before decryption."""

    public_key: bytes
    nonce: bytes
    ciphertext: bytes
    bound: bytes


class SoftwareKeyStore:
    """The `KeyStore` of a folder; made by `open_software_store`. Safe for threads."""

    def __init__(self, folder: Path, cipher: AESGCM, random: Callable[[int], bytes]) -> None:
        self._folder = folder
        self._cipher = cipher
        self._random = random
        self._private: dict[str, PrivateKey] = {}
        self._secrets: dict[str, bytes] = {}
        self._lock = threading.Lock()

    def generate(self, label: str, algorithm: KeyAlgorithm) -> PublicKey:
        """Make a key pair (the library draws its own randomness for it)."""
        self._refuse_taken(label)
        private: PrivateKey
        if algorithm.is_rsa:
            private = rsa.generate_private_key(65537, RSA_BITS[algorithm])
        else:
            private = ec.generate_private_key(CURVES[algorithm])
        secret = private.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        self._write(label, secret, spki(private.public_key()))
        return private.public_key()

    def generate_secret(self, label: str) -> None:
        """Make a secret of 32 bytes."""
        self._refuse_taken(label)
        self._write(label, self._random(SECRET_BYTES), b"")

    def has(self, label: str) -> bool:
        """Whether the label's file exists."""
        return self._path(label).exists()

    def public_key(self, label: str) -> PublicKey:
        """The public key that stands in the file (and is bound to it by its seal)."""
        public = self._read(label).public_key
        if not public:
            raise not_found("The key store has no key pair named %(label)s.", label=label)
        return cast(PublicKey, load_der_public_key(public))

    def sign(self, label: str, data: bytes, name: Hash) -> bytes:
        """Sign ``data``."""
        return self._sign(label, [data], hash_function(name))[0]

    def sign_all(self, label: str, data: Sequence[bytes], name: Hash) -> list[bytes]:
        """Sign each; key and scheme are looked up once."""
        return self._sign(label, data, hash_function(name))

    def sign_digest(self, label: str, digest: bytes, name: Hash) -> bytes:
        """Sign a digest."""
        return self._sign(label, [digest], Prehashed(hash_function(name)))[0]

    def _sign(self, label: str, data: Sequence[bytes], algorithm: HashAlgorithm | Prehashed) -> list[bytes]:
        private = self._private.get(label) or self._private_key(label)
        if isinstance(private, rsa.RSAPrivateKey):
            padded = padding.PKCS1v15()
            return [private.sign(each, padded, algorithm) for each in data]
        scheme = ec.ECDSA(algorithm)
        return [private.sign(each, scheme) for each in data]

    def derive(self, label: str, info: bytes, length: int) -> bytes:
        """Derive from a secret."""
        secret = self._secrets.get(label)
        if secret is None:
            sealed = self._read(label)
            if sealed.public_key:
                raise not_found("The key store has no secret named %(label)s.", label=label)
            secret = self._secrets[label] = self._open(sealed)
        return hkdf_expand(lambda block: hmac.digest(secret, block, "sha256"), info, length)

    def _private_key(self, label: str) -> PrivateKey:
        with self._lock:
            if label not in self._private:
                sealed = self._read(label)
                if not sealed.public_key:
                    raise not_found("The key store has no key pair named %(label)s.", label=label)
                self._private[label] = cast(PrivateKey, load_der_private_key(self._open(sealed), None))
            return self._private[label]

    def _open(self, sealed: _Sealed) -> bytes:
        try:
            return self._cipher.decrypt(sealed.nonce, sealed.ciphertext, sealed.bound)
        except InvalidTag as error:
            raise invalid("A file of the key store is damaged.") from error

    def _path(self, label: str) -> Path:
        if not _LABEL.match(label):
            raise invalid("A key's name may hold small letters, digits, points, hyphens and underscores.")
        return self._folder / f"{label}.key"

    def _refuse_taken(self, label: str) -> None:
        if self.has(label):
            raise conflict("The key store already has a key named %(label)s.", label=label)

    def _read(self, label: str) -> _Sealed:
        try:
            record = json.loads(self._path(label).read_bytes())
            public, nonce, text = (
                base64.b64decode(record[name]) for name in ("public_key", "nonce", "ciphertext")
            )
        except FileNotFoundError as error:
            raise not_found("The key store has no key named %(label)s.", label=label) from error
        except (ValueError, KeyError, TypeError) as error:
            raise invalid("A file of the key store is damaged.") from error
        return _Sealed(public, nonce, text, _bound(label, public))

    def _write(self, label: str, secret: bytes, public: bytes) -> None:
        nonce = self._random(NONCE_BYTES)
        parts = {
            "public_key": public,
            "nonce": nonce,
            "ciphertext": self._cipher.encrypt(nonce, secret, _bound(label, public)),
        }
        record = {name: base64.b64encode(value).decode() for name, value in parts.items()}
        if not write_new(self._path(label), json.dumps(record, indent=1).encode()):
            raise conflict("The key store already has a key named %(label)s.", label=label)


def open_software_store(
    folder: Path, passphrase: bytes, *, random: Callable[[int], bytes]
) -> SoftwareKeyStore:
    """Open the folder's store, making an empty one where there is none.

    Takes about 0.1 s (scrypt, once). `invalid` on a wrong passphrase or a damaged ``store.json``.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    header = folder / "store.json"
    if not header.exists():
        write_new(header, _new_header(passphrase, random))
    try:
        record = json.loads(header.read_bytes())
        cipher = AESGCM(_stretch(passphrase, base64.b64decode(record["salt"]), record["n"]))
        marker = base64.b64decode(record["marker"])
        cipher.decrypt(marker[:NONCE_BYTES], marker[NONCE_BYTES:], _MARKER)
    except InvalidTag as error:
        raise invalid("The key store does not open with this passphrase.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise invalid("A file of the key store is damaged.") from error
    return SoftwareKeyStore(folder, cipher, random)


def _new_header(passphrase: bytes, random: Callable[[int], bytes]) -> bytes:
    salt, nonce = random(16), random(NONCE_BYTES)
    marker = nonce + AESGCM(_stretch(passphrase, salt, SCRYPT_N)).encrypt(nonce, b"", _MARKER)
    record = {
        "format": 1,
        "kdf": "scrypt",
        "n": SCRYPT_N,
        "salt": base64.b64encode(salt).decode(),
        "marker": base64.b64encode(marker).decode(),
    }
    return json.dumps(record, indent=1).encode()


def _stretch(passphrase: bytes, salt: bytes, n: int) -> bytes:
    return Scrypt(salt=salt, length=32, n=n, r=SCRYPT_R, p=SCRYPT_P).derive(passphrase)


def _bound(label: str, public: bytes) -> bytes:
    return _MARKER + b"\x00" + label.encode() + b"\x00" + public
