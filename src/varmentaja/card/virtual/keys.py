# SPDX-License-Identifier: EUPL-1.2
"""Keys of a virtual card: making them, using them, reading their public half."""

from __future__ import annotations

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import NoDigestInfo, Prehashed
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from varmentaja.card.apdu import Command
from varmentaja.card.virtual import status
from varmentaja.card.virtual.files import GENERATE
from varmentaja.card.virtual.session import Session, nibble
from varmentaja.card.virtual.state import File, FileKind
from varmentaja.card.virtual.status import Refused

_CURVES: dict[int, ec.EllipticCurve] = {256: ec.SECP256R1(), 384: ec.SECP384R1()}
_FIELD_HASH: dict[int, hashes.HashAlgorithm] = {256: hashes.SHA256(), 384: hashes.SHA384()}
USE = 0


def generate(session: Session, command: Command) -> bytes:
    """A new key pair in the selected key file; the private half never leaves it."""
    file = _key_file(session.file())
    session.require(nibble(file, GENERATE))
    if file.kind is FileKind.RSA:
        _require_usual_exponent(command.data)
        key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey = rsa.generate_private_key(65537, file.size)
    else:
        key = ec.generate_private_key(_CURVES[file.size])
    file.content = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()).hex()
    session.touch()
    return b""


def _require_usual_exponent(data: bytes) -> None:
    """30 05 81 03 010001, as MyEID takes it; no other exponent."""
    if data[-3:] != b"\x01\x00\x01" or data[:1] != b"\x30":
        raise Refused(status.WRONG_DATA)


def use(session: Session) -> File:
    """The environment's key, if its PIN allows; a single-use PIN is used up by it."""
    file = session.state.files.get(session.key_path)
    if file is None or not file.content:
        raise Refused(status.CONDITIONS_NOT_SATISFIED)
    rule = nibble(file, USE)
    session.require(rule)
    pin = session.state.pins.get(str(rule))
    if pin is not None and pin.single_use:
        session.verified.discard(rule)
    return file


def rsa_pkcs1(file: File, data: bytes) -> bytes:
    """RSA over what stands after the padding of PKCS#1 v1.5, such as a DigestInfo."""
    if not 0 < len(data) <= file.size // 8 - 11:
        raise Refused(status.WRONG_LENGTH)
    return _rsa(file).sign(data, padding.PKCS1v15(), NoDigestInfo())


def rsa_raw(file: File, data: bytes) -> bytes:
    """The bare private operation, for callers that pad by themselves (PSS in TLS 1.3)."""
    if len(data) != file.size // 8:
        raise Refused(status.WRONG_LENGTH)
    numbers, value = _rsa(file).private_numbers(), int.from_bytes(data)
    if value >= numbers.public_numbers.n:
        raise Refused(status.WRONG_DATA)
    m1, m2 = pow(value, numbers.dmp1, numbers.p), pow(value, numbers.dmq1, numbers.q)
    return (m2 + (m1 - m2) * numbers.iqmp % numbers.p * numbers.q).to_bytes(file.size // 8)


def ecdsa(file: File, data: bytes) -> bytes:
    """DER; of the digest the leftmost bits, or all with zeros before it: the same number either way."""
    if not 20 <= len(data) <= 64:
        raise Refused(status.WRONG_LENGTH)
    key = _private(file)
    assert isinstance(key, ec.EllipticCurvePrivateKey)  # the file's kind says so
    size = key.key_size // 8
    digest = data[:size].rjust(size, b"\0")
    return key.sign(digest, ec.ECDSA(Prehashed(_FIELD_HASH[key.key_size])))


def public_part(file: File, what: int) -> bytes:
    """GET DATA 01 01 modulus, 01 02 exponent, 01 86 uncompressed point of the selected key file."""
    file = _key_file(file)
    if not file.content:
        raise Refused(status.REFERENCE_NOT_FOUND)
    key = _private(file).public_key()
    if isinstance(key, rsa.RSAPublicKey) and what == 0x01:
        return key.public_numbers().n.to_bytes(file.size // 8)
    if isinstance(key, rsa.RSAPublicKey) and what == 0x02:
        return key.public_numbers().e.to_bytes(3)
    if isinstance(key, ec.EllipticCurvePublicKey) and what == 0x86:
        return key.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    raise Refused(status.REFERENCE_NOT_FOUND)


def _key_file(file: File) -> File:
    if file.kind not in (FileKind.RSA, FileKind.EC):
        raise Refused(status.NO_CURRENT_FILE)
    return file


def _rsa(file: File) -> rsa.RSAPrivateKey:
    key = _private(file)
    assert isinstance(key, rsa.RSAPrivateKey)  # the file's kind says so
    return key


def _private(file: File) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
    # Written by generate() alone, so the costly check of RSA primes is left out.
    key = load_der_private_key(file.data, None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    return key
