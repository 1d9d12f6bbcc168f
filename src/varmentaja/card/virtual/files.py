# SPDX-License-Identifier: EUPL-1.2
"""File commands: SELECT, READ and UPDATE BINARY, CREATE and DELETE FILE.

Access rules are nibbles, in this order. DF: create, create, delete. EF: read, update, delete.
Key: use, update, delete, generate.
"""

from __future__ import annotations

from varmentaja.card import layout, tlv
from varmentaja.card.apdu import Command
from varmentaja.card.generations import generation
from varmentaja.card.virtual import status
from varmentaja.card.virtual.session import DF_PATH, MF_PATH, Session, nibble
from varmentaja.card.virtual.state import File, FileKind, LifeCycle
from varmentaja.card.virtual.status import Refused

CREATE, READ, UPDATE, DELETE, GENERATE = 0, 0, 1, 2, 3
_DESCRIPTOR = {FileKind.DF: 0x38, FileKind.EF: 0x01, FileKind.RSA: 0x11, FileKind.EC: 0x22}
_KINDS = {byte: kind for kind, byte in _DESCRIPTOR.items()}
_KEY_BITS = {FileKind.RSA: {2048, 3072}, FileKind.EC: {256, 384}}
MAX_FILE = 0x7FFF
MAX_FILES = 64


def select(session: Session, command: Command) -> bytes:
    """By identifier, by application name, by path; the answer is the FCI unless P2 asks for none."""
    path = _target(session, command)
    if path not in session.state.files:
        raise Refused(status.FILE_NOT_FOUND)
    session.current = path
    return b"" if command.p2 & 0x0C == 0x0C else fci(session, path)


def _target(session: Session, command: Command) -> str:
    data = command.data.hex().upper()
    match command.p1:
        case 0x00:
            return MF_PATH if data in ("", MF_PATH) else _near(session, data)
        case 0x01 | 0x02:
            return session.current_df + data
        case 0x03:
            return session.current_df[:-4] or MF_PATH
        case 0x04:
            return DF_PATH if command.data == layout.AID else ""
        case 0x08:
            return MF_PATH + data.removeprefix(MF_PATH)
        case 0x09:
            return session.current_df + data
    raise Refused(status.WRONG_PARAMETERS)


def _near(session: Session, identifier: str) -> str:
    """A child of the current DF, the DF itself, or a neighbour of it (ISO/IEC 7816-4 7.1.1)."""
    here = session.current_df
    if identifier == here[-4:]:
        return here
    return here + identifier if here + identifier in session.state.files else here[:-4] + identifier


def fci(session: Session, path: str) -> bytes:
    """File control information of one file."""
    file = session.state.files[path]
    operational = session.state.life_cycle is LifeCycle.OPERATIONAL
    name = tlv.encode(0x84, layout.AID) if path == DF_PATH else b""
    return tlv.encode(
        0x6F,
        tlv.encode(0x80 if file.kind is FileKind.EF else 0x81, file.size.to_bytes(2)),
        tlv.encode(0x82, bytes((_DESCRIPTOR[file.kind],))),
        tlv.encode(0x83, file.identifier.to_bytes(2)),
        name,
        tlv.encode(0x85, b"\0\0"),
        tlv.encode(0x86, bytes.fromhex(file.access)),
        tlv.encode(0x8A, b"\x05" if operational else b"\x01"),
    )


def read_binary(session: Session, command: Command) -> bytes:
    """Bytes of the selected EF from the offset in P1 and P2."""
    file = _working_file(session)
    if session.state.life_cycle is LifeCycle.OPERATIONAL:
        session.require(nibble(file, READ))
    offset = _offset(command)
    if offset > file.size:
        raise Refused(status.OUTSIDE_FILE)
    return file.data[offset : offset + (command.le or 256)]


def update_binary(session: Session, command: Command) -> bytes:
    """Overwrite bytes of the selected EF."""
    file = _working_file(session)
    session.require(nibble(file, UPDATE))
    offset, old = _offset(command), file.data
    end = offset + len(command.data)
    if end > file.size:
        raise Refused(status.OUTSIDE_FILE)
    file.content = (old[:offset] + command.data + old[end:]).hex()
    session.touch()
    return b""


def create_file(session: Session, command: Command) -> bytes:
    """A new file in the current DF, described by a file control parameter template (tag 62)."""
    parent = session.current_df
    session.require(nibble(session.state.files[parent], CREATE))
    file = _described(command.data)
    if file.kind is FileKind.EC and "ecc" not in generation(session.state.generation).keys:
        raise Refused(status.WRONG_DATA)
    path = f"{parent}{file.identifier:04X}"
    if path in session.state.files or file.identifier == layout.MF:
        raise Refused(status.FILE_EXISTS)
    if len(session.state.files) >= MAX_FILES:
        raise Refused(status.NOT_ENOUGH_MEMORY)
    session.state.files[path] = file
    session.current = path
    session.touch()
    return b""


def _described(data: bytes) -> File:
    fields = {item.tag: item.value for item in tlv.single(data).children()}
    try:
        kind = _KINDS[fields[0x82][0]]
        size = int.from_bytes(fields[0x80 if kind is FileKind.EF else 0x81])
        identifier, access = int.from_bytes(fields[0x83]), fields[0x86]
    except (KeyError, IndexError) as error:
        raise Refused(status.WRONG_DATA) from error
    key_size_wrong = kind in _KEY_BITS and size not in _KEY_BITS[kind]
    if len(access) != 3 or not 0 < identifier < 0xFFFF or size > MAX_FILE or key_size_wrong:
        raise Refused(status.WRONG_DATA)
    content = "00" * size if kind is FileKind.EF else ""
    return File(kind, identifier, size, access.hex().upper(), content)


def delete_file(session: Session, _command: Command) -> bytes:
    """Delete the selected file; a DF goes with all that is in it. MF and application stay."""
    path = session.current
    if path in (MF_PATH, DF_PATH):
        raise Refused(status.CONDITIONS_NOT_SATISFIED)
    session.require(nibble(session.file(), DELETE))
    session.state.files = {
        other: file for other, file in session.state.files.items() if not other.startswith(path)
    }
    session.current = path[:-4]
    session.key_path = ""
    session.touch()
    return b""


def _working_file(session: Session) -> File:
    file = session.file()
    if file.kind is not FileKind.EF:
        raise Refused(status.NO_CURRENT_FILE)
    return file


def _offset(command: Command) -> int:
    if command.p1 & 0x80:
        raise Refused(status.WRONG_PARAMETERS)
    return command.p1 << 8 | command.p2
