# SPDX-License-Identifier: EUPL-1.2
"""Key commands: GENERATE, MANAGE SECURITY ENVIRONMENT, COMPUTE DIGITAL SIGNATURE, and reading public keys."""

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

from varmentaja.card import tlv
from varmentaja.card.apdu import Command
from varmentaja.card.virtual import status
from varmentaja.card.virtual.files import GENERATE
from varmentaja.card.virtual.session import Session, nibble
from varmentaja.card.virtual.state import File, FileKind
from varmentaja.card.virtual.status import Refused

RAW, PKCS1, ECDSA = 0x00, 0x02, 0x04
_ALGORITHMS = {FileKind.RSA: {RAW, PKCS1}, FileKind.EC: {ECDSA}}
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


def manage_environment(session: Session, command: Command) -> bytes:
    """SET for signing: 80 algorithm, 81 key file identifier."""
    if (command.p1, command.p2) != (0x41, 0xB6):
        raise Refused(status.WRONG_PARAMETERS)
    fields = {item.tag: item.value for item in tlv.parse(command.data)}
    path = session.current_df + fields.get(0x81, b"")[-2:].hex().upper()
    file = session.state.files.get(path)
    if file is None or file.kind not in _ALGORITHMS:
        raise Refused(status.FILE_NOT_FOUND)
    algorithm = int.from_bytes(fields.get(0x80, b""))
    if algorithm not in _ALGORITHMS[file.kind]:
        raise Refused(status.WRONG_DATA)
    session.key_path, session.algorithm = path, algorithm
    return b""


def sign(session: Session, command: Command) -> bytes:
    """COMPUTE DIGITAL SIGNATURE with the environment's key. A single-use PIN is used up by it."""
    if (command.p1, command.p2) != (0x9E, 0x9A):
        raise Refused(status.WRONG_PARAMETERS)
    file = session.state.files.get(session.key_path)
    if file is None or not file.content:
        raise Refused(status.CONDITIONS_NOT_SATISFIED)
    rule = nibble(file, USE)
    session.require(rule)
    pin = session.state.pins.get(str(rule))
    if pin is not None and pin.single_use:
        session.verified.discard(rule)
    return _signature(file, session.algorithm, command.data)


def _signature(file: File, algorithm: int, data: bytes) -> bytes:
    key = _private(file)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return _ecdsa(key, data)
    size = file.size // 8
    if algorithm == PKCS1:
        if not 0 < len(data) <= size - 11:
            raise Refused(status.WRONG_LENGTH)
        return key.sign(data, padding.PKCS1v15(), NoDigestInfo())
    if len(data) != size:
        raise Refused(status.WRONG_LENGTH)
    return _raw_rsa(key, data).to_bytes(size)


def _ecdsa(key: ec.EllipticCurvePrivateKey, data: bytes) -> bytes:
    """The leftmost bits of the digest, or the digest with zeros before it: the same number either way."""
    if not 20 <= len(data) <= 64:
        raise Refused(status.WRONG_LENGTH)
    size = key.key_size // 8
    digest = data[:size].rjust(size, b"\0")
    return key.sign(digest, ec.ECDSA(Prehashed(_FIELD_HASH[key.key_size])))


def _raw_rsa(key: rsa.RSAPrivateKey, data: bytes) -> int:
    """The bare private operation, for callers that pad by themselves (PSS in TLS 1.3)."""
    numbers, value = key.private_numbers(), int.from_bytes(data)
    if value >= numbers.public_numbers.n:
        raise Refused(status.WRONG_DATA)
    m1, m2 = pow(value, numbers.dmp1, numbers.p), pow(value, numbers.dmq1, numbers.q)
    return m2 + (m1 - m2) * numbers.iqmp % numbers.p * numbers.q


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
    if file.kind not in _ALGORITHMS:
        raise Refused(status.NO_CURRENT_FILE)
    return file


def _private(file: File) -> rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey:
    # Written by generate() alone, so the costly check of RSA primes is left out.
    key = load_der_private_key(file.data, None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(key, rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey)
    return key
