# SPDX-License-Identifier: EUPL-1.2
"""How a virtual card behaves as a Finnish health care card (S4-2): PINs as typed, keys named by reference.

The shapes are those of docs/integration/cards.md. What its sources leave open is our choice: VERIFY with P1
FF takes a verification away (ISO/IEC 7816-4 11.5.6), the entered code serves one PIN, a PIN of another length
than the true one is a wrong try, and easy PINs are refused as on our other cards.
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from varmentaja.card import signature_input, tlv
from varmentaja.card.apdu import Command
from varmentaja.card.driver import HashAlgorithm, KeyRole, PinRole
from varmentaja.card.generations import Family
from varmentaja.card.layout import KEYS, LAYOUTS, PIN_NUMBER
from varmentaja.card.virtual import keys, pins, status
from varmentaja.card.virtual.pins import Store
from varmentaja.card.virtual.session import DF_PATH, Session
from varmentaja.card.virtual.state import FileKind
from varmentaja.card.virtual.status import Refused

_LAYOUT = LAYOUTS[Family.S4_2]
_NUMBERS = {_LAYOUT.pins[role]: PIN_NUMBER[role] for role in PinRole}
_KEY_FILES = {_LAYOUT.keys[role]: f"{DF_PATH}{KEYS[role].private:04X}" for role in KeyRole}
_SCHEMES = {FileKind.RSA: signature_input.SCHEME_PKCS1, FileKind.EC: signature_input.SCHEME_ECDSA}
_FORGET = 0xFF


def _verify(session: Session, command: Command, store: Store) -> bytes:
    if command.p2 == _LAYOUT.code:
        return _code(session, command, store)
    number = _number(command)
    if command.p1 == _FORGET and not command.data:
        session.verified.discard(number)
        return b""
    _require_plain(command)
    _require_set(session, number)
    if command.data:
        pins.verify(session, number, command.data, store)
    else:
        pins.tell(session, number)
    return b""


def _code(session: Session, command: Command, store: Store) -> bytes:
    """The activation code is an object of its own."""
    if command.p1 == _FORGET and not command.data:
        session.code_entered = False
        return b""
    _require_plain(command)
    if command.data:
        pins.enter_code(session, command.data, store)
    else:
        pins.tell_code(session)
    return b""


def _change(session: Session, command: Command, store: Store) -> bytes:
    """Old and new PIN one after the other: where the old one ends, only the card knows."""
    _require_plain(command)
    number = _number(command)
    _require_set(session, number)
    end = len(pins.pin_of(session, number).value)
    pins.change(session, number, command.data[:end], command.data[end:], store)
    return b""


def _reset(session: Session, command: Command, _store: Store) -> bytes:
    """The new PIN alone; the code was entered before."""
    if command.p1 != 0x02:
        raise Refused(status.WRONG_PARAMETERS)
    pins.reset_by_entered_code(session, _number(command), command.data)
    return b""


def _manage_environment(session: Session, command: Command, _store: Store) -> bytes:
    """SET for signing: 80 algorithm, 84 key reference."""
    if (command.p1, command.p2) != (0x41, 0xB6):
        raise Refused(status.WRONG_PARAMETERS)
    fields = {item.tag: int.from_bytes(item.value) for item in tlv.parse(command.data)}
    path = _KEY_FILES.get(fields.get(0x84, 0))
    if path is None or path not in session.state.files:
        raise Refused(status.REFERENCE_NOT_FOUND)
    algorithm = fields.get(0x80, 0)
    if algorithm not in _algorithms(session.state.files[path].kind):
        raise Refused(status.WRONG_DATA)
    session.key_path, session.algorithm = path, algorithm
    return b""


def _sign(session: Session, command: Command, _store: Store) -> bytes:
    """COMPUTE DIGITAL SIGNATURE with the digest in the command; an EC answer is r and s without more."""
    if (command.p1, command.p2) != (0x9E, 0x9A):
        raise Refused(status.WRONG_PARAMETERS)
    file = keys.use(session)
    hashing = _algorithms(file.kind)[session.algorithm]
    if len(command.data) != signature_input.digest_size(hashing):
        raise Refused(status.WRONG_LENGTH)
    if file.kind is FileKind.RSA:
        return keys.rsa_pkcs1(file, signature_input.digest_info(command.data, hashing))
    r, s = decode_dss_signature(keys.ecdsa(file, command.data))
    return r.to_bytes(file.size // 8) + s.to_bytes(file.size // 8)


COMMANDS = {
    0x20: _verify,
    0x22: _manage_environment,
    0x24: _change,
    0x2A: _sign,
    0x2C: _reset,
}


def _algorithms(kind: FileKind) -> dict[int, HashAlgorithm]:
    return {signature_input.algorithm_byte(hashing, _SCHEMES[kind]): hashing for hashing in HashAlgorithm}


def _number(command: Command) -> int:
    if command.p2 not in _NUMBERS:
        raise Refused(status.REFERENCE_NOT_FOUND)
    return _NUMBERS[command.p2]


def _require_plain(command: Command) -> None:
    if command.p1:
        raise Refused(status.WRONG_PARAMETERS)


def _require_set(session: Session, number: int) -> None:
    """A PIN that the holder has not set yet is blocked."""
    if not pins.pin_of(session, number).value:
        raise Refused(status.BLOCKED)
