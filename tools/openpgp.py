# SPDX-License-Identifier: EUPL-1.2
"""Detached OpenPGP signatures (RFC 4880, Ed25519 as GnuPG 2.1 and newer know it), made without GnuPG.

A machine that builds packages need not have gpg; whoever gets them checks with gpgv, which every Debian has.
"""

from __future__ import annotations

import base64
import hashlib
import os
import textwrap
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

EDDSA, SHA512 = 22, 10
SIGNATURE, PUBLIC_KEY, USER_ID = 2, 6, 13
BINARY, CERTIFICATION = 0x00, 0x13
CURVE = bytes.fromhex("092b06010401da470f01")
"""Ed25519's object identifier with its length."""
MADE, EXPIRES_AFTER, FLAGS, ISSUER, FINGERPRINT = 2, 9, 27, 16, 33
LIFE = 5 * 365 * 86_400
"""Seconds for which the key is good."""
MAY_SIGN = 0x03
"""Certifies and signs."""


class Signer:
    """A key in a file of its own, made at the first use."""

    def __init__(self, file: Path, name: str) -> None:
        self._name = name.encode()
        if not file.exists():
            _make(file)
        made, secret = file.read_text("ascii").split()
        self._made = int(made)  # OpenPGP's fingerprint takes it in
        self._key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(secret))
        point = b"\x40" + self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self._public = b"\x04" + self._made.to_bytes(4, "big") + bytes([EDDSA]) + CURVE + _number(point)
        self._hashed_public = b"\x99" + len(self._public).to_bytes(2, "big") + self._public

    @property
    def fingerprint(self) -> str:
        """Of the key, in hexadecimal digits, as gpg and gpgv name it."""
        return hashlib.sha1(self._hashed_public, usedforsecurity=False).hexdigest().upper()

    def public_key(self) -> bytes:
        """The public key with its name, certified by itself: a keyring for gpgv, or for ``gpg --import``."""
        named = b"\xb4" + len(self._name).to_bytes(4, "big") + self._name
        own = _part(FLAGS, bytes([MAY_SIGN])) + _part(EXPIRES_AFTER, LIFE.to_bytes(4, "big"))
        certified = self._signature(CERTIFICATION, self._hashed_public + named, self._made, own)
        return _packet(PUBLIC_KEY, self._public) + _packet(USER_ID, self._name) + certified

    def sign(self, file: Path) -> Path:
        """A detached signature beside the file."""
        made = int(datetime.now(UTC).timestamp())
        signature = file.with_name(f"{file.name}.asc")
        signature.write_text(_armoured(self._signature(BINARY, file.read_bytes(), made)))
        return signature

    def _signature(self, kind: int, content: bytes, made: int, parts: bytes = b"") -> bytes:
        fingerprint = bytes.fromhex(self.fingerprint)
        parts += _part(MADE, made.to_bytes(4, "big")) + _part(FINGERPRINT, b"\x04" + fingerprint)
        head = bytes([4, kind, EDDSA, SHA512]) + len(parts).to_bytes(2, "big") + parts
        digest = hashlib.sha512(content + head + b"\x04\xff" + len(head).to_bytes(4, "big")).digest()
        issuer = _part(ISSUER, fingerprint[-8:])
        signed = self._key.sign(digest)
        body = head + len(issuer).to_bytes(2, "big") + issuer + digest[:2]
        return _packet(SIGNATURE, body + _number(signed[:32]) + _number(signed[32:]))


def _make(file: Path) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = f"{int(datetime.now(UTC).timestamp())} {os.urandom(32).hex()}\n"
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as output:
        output.write(text)


def _number(value: bytes) -> bytes:
    """A multiprecision integer: its length in bits, and no zeros before it."""
    value = value.lstrip(b"\0")
    return int.from_bytes(value, "big").bit_length().to_bytes(2, "big") + value


def _packet(tag: int, body: bytes) -> bytes:
    """With a length of four octets, which fits every body."""
    return bytes([0xC0 | tag, 0xFF]) + len(body).to_bytes(4, "big") + body


def _part(kind: int, body: bytes) -> bytes:
    """A subpacket of a signature."""
    return bytes([len(body) + 1, kind]) + body


def _armoured(packet: bytes) -> str:
    lines = "\n".join(textwrap.wrap(base64.b64encode(packet).decode(), 64))
    check = base64.b64encode(_crc24(packet).to_bytes(3, "big")).decode()
    return f"-----BEGIN PGP SIGNATURE-----\n\n{lines}\n={check}\n-----END PGP SIGNATURE-----\n"


def _crc24(data: bytes) -> int:
    """RFC 4880 section 6.1."""
    crc = 0xB704CE
    for octet in data:
        crc ^= octet << 16
        for _ in range(8):
            crc = (crc << 1) ^ (0x1864CFB if crc & 0x800000 else 0)
    return crc & 0xFFFFFF
