# SPDX-License-Identifier: EUPL-1.2
"""What the card host tells of each card without touching it: read from the card's public files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from cryptography.x509.oid import NameOID, ObjectIdentifier

from varmentaja.card import layout, pkcs15
from varmentaja.card.driver import KeyRole, printed_serial
from varmentaja.card.tlv import TlvError
from varmentaja.card.virtual.personality import personality_of
from varmentaja.card.virtual.state import CardState, LifeCycle
from varmentaja.pki.foreign import load_foreign


@dataclass(frozen=True, slots=True)
class ListedCard:
    """One card in the drawer; texts are empty where the card has none yet."""

    serial: str
    printed_serial: str
    label: str
    holder: str
    """Common name of the authentication certificate."""
    number: str
    """Its serialNumber: the holder's registration number or SATU."""
    title: str
    atr: str
    """Hex."""
    is_finished: bool
    """False for blanks and cards that are being made."""
    is_activated: bool
    where: str | None
    """``host:port`` of the reader it is in, ``machine`` while a program holds it, None in the drawer."""
    picture: str | None
    """Path of the picture of its face."""


def describe(state: CardState, where: str | None, picture: Path | None) -> ListedCard:
    """List one card."""
    return ListedCard(
        serial=state.chip_serial,
        printed_serial=printed_serial(state.chip_serial),
        label=_label(state),
        holder=_holder(state, NameOID.COMMON_NAME),
        number=_holder(state, NameOID.SERIAL_NUMBER),
        title=_holder(state, NameOID.TITLE),
        atr=personality_of(state).atr.hex(),
        is_finished=state.life_cycle is LifeCycle.OPERATIONAL,
        is_activated=bool(state.pins) and all(pin.value for pin in state.pins.values()),
        where=where,
        picture=str(picture) if picture else None,
    )


def _label(state: CardState) -> str:
    try:
        return pkcs15.decode_token_info(_file(state, layout.path_of(layout.TOKEN_INFO))).label
    except TlvError:
        return ""


def _holder(state: CardState, name: ObjectIdentifier) -> str:
    """One field of the subject; a half-written certificate has none."""
    try:
        path = personality_of(state).layout.certificates[KeyRole.AUTHENTICATION]
        certificate = load_foreign(_file(state, path))
    except ValueError:
        return ""
    found = certificate.subject.get_attributes_for_oid(name)
    return str(found[0].value) if found else ""


def _file(state: CardState, path: bytes) -> bytes:
    file = state.files.get(path.hex().upper())
    return file.data if file else b""
