# SPDX-License-Identifier: EUPL-1.2
"""How a virtual card behaves as a MyEID card: padded PINs, keys named by their files.

Every virtual card speaks these to its issuer; cards of the family speak them to their holder too.
"""

from __future__ import annotations

from varmentaja.card import layout, tlv
from varmentaja.card.apdu import Command
from varmentaja.card.virtual import keys, pins, status
from varmentaja.card.virtual.pins import Store
from varmentaja.card.virtual.session import Session
from varmentaja.card.virtual.state import FileKind
from varmentaja.card.virtual.status import Refused

RAW, PKCS1, ECDSA = 0x00, 0x02, 0x04
_ALGORITHMS = {FileKind.RSA: {RAW, PKCS1}, FileKind.EC: {ECDSA}}


def _verify(session: Session, command: Command, store: Store) -> bytes:
    """Without data: tell the state."""
    number = _number(session, command)
    if not command.data:
        pins.tell(session, number)
    elif len(command.data) != layout.PIN_SIZE:
        raise Refused(status.WRONG_LENGTH)
    else:
        pins.verify(session, number, pins.unpadded(command.data), store)
    return b""


def _change(session: Session, command: Command, store: Store) -> bytes:
    """Old and new PIN, 8 bytes each."""
    pins.change(session, _number(session, command), *_halves(command.data), store)
    return b""


def _reset(session: Session, command: Command, store: Store) -> bytes:
    """Activation code and new PIN, 8 bytes each."""
    pins.reset(session, _number(session, command), *_halves(command.data), store)
    return b""


def _logout(session: Session, _command: Command, _store: Store) -> bytes:
    session.verified.clear()
    return b""


def _manage_environment(session: Session, command: Command, _store: Store) -> bytes:
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


def _sign(session: Session, command: Command, _store: Store) -> bytes:
    """COMPUTE DIGITAL SIGNATURE over a digest (EC), a DigestInfo or a padded block (RSA)."""
    if (command.p1, command.p2) != (0x9E, 0x9A):
        raise Refused(status.WRONG_PARAMETERS)
    file = keys.use(session)
    if file.kind is FileKind.EC:
        return keys.ecdsa(file, command.data)
    if session.algorithm == PKCS1:
        return keys.rsa_pkcs1(file, command.data)
    return keys.rsa_raw(file, command.data)


COMMANDS = {
    0x20: _verify,
    0x22: _manage_environment,
    0x24: _change,
    0x2A: _sign,
    0x2C: _reset,
    0x2E: _logout,
}


def _number(session: Session, command: Command) -> int:
    if command.p1:
        raise Refused(status.REFERENCE_NOT_FOUND)
    pins.pin_of(session, command.p2)
    return command.p2


def _halves(data: bytes) -> tuple[bytes, bytes]:
    if len(data) != 2 * layout.PIN_SIZE:
        raise Refused(status.WRONG_LENGTH)
    return pins.unpadded(data[: layout.PIN_SIZE]), pins.unpadded(data[layout.PIN_SIZE :])
