# SPDX-License-Identifier: EUPL-1.2
"""All that a virtual card remembers without power, as one document that can be written as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from varmentaja.card import layout
from varmentaja.card.generations import generation

VERSION = 1
NEVER = "FFFFFF"
ISSUER_TRIES = 5


class LifeCycle(StrEnum):
    """Creation: the issuer's, who must authenticate. Operational: the holder's, by access rules and PINs."""

    CREATION = "creation"
    OPERATIONAL = "operational"


class FileKind(StrEnum):
    """Kinds of file, by the descriptor byte in their FCI."""

    DF = "df"
    EF = "ef"
    RSA = "rsa"
    EC = "ec"


@dataclass(slots=True)
class File:
    """One file. ``access`` is three bytes of nibbles: who may do what (see files.py)."""

    kind: FileKind
    identifier: int
    size: int
    """Bytes of an EF, bits of a key."""
    access: str
    content: str = ""
    """Hex: the bytes of an EF; the PKCS#8 private key of a key file, empty before it is generated."""

    @property
    def data(self) -> bytes:
        """The content as bytes."""
        return bytes.fromhex(self.content)


@dataclass(slots=True)
class Pin:
    """One PIN with the code that sets it. Both are digits; an empty ``value`` is the transport state."""

    min_length: int
    max_length: int
    tries: int
    tries_left: int
    code: str
    code_tries_left: int
    code_tries: int
    single_use: bool
    """One verification opens the key for one signature."""
    value: str = ""


@dataclass(slots=True)
class CardState:
    """The card's memory. Paths are hex file identifiers from the MF on, such as ``3F0050154B01``."""

    chip_serial: str
    issuer_key: str
    """Hex; forgotten when the card becomes operational."""
    generation: str = "2020"
    """Which chip this is; files of before chips were told apart are of the one that there was."""
    life_cycle: LifeCycle = LifeCycle.CREATION
    issuer_tries_left: int = ISSUER_TRIES
    change_counter: int = 0
    files: dict[str, File] = field(default_factory=dict)
    pins: dict[str, Pin] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """The state as JSON types."""
        return {"version": VERSION, **asdict(self)}

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> CardState:
        """The state that ``document()`` wrote; ValueError for another version."""
        if document.get("version") != VERSION:
            raise ValueError("a card file of another version")
        values = {name: value for name, value in document.items() if name != "version"}
        values["life_cycle"] = LifeCycle(values["life_cycle"])
        values["files"] = {
            path: File(**{**fields, "kind": FileKind(fields["kind"])})
            for path, fields in values["files"].items()
        }
        values["pins"] = {reference: Pin(**fields) for reference, fields in values["pins"].items()}
        return cls(**values)


def blank(chip_serial: str, issuer_key: bytes, chip: str) -> CardState:
    """A chip as its maker delivers it: a serial, an issuer key, an empty application.

    ``chip`` is the id of its generation."""
    if len(bytes.fromhex(chip_serial)) != 10 or chip_serial != chip_serial.upper():
        raise ValueError("a chip serial is 20 upper-case hex digits")
    if not generation(chip).keys:
        raise ValueError("a chip that no cards are made of here")
    state = CardState(chip_serial=chip_serial, issuer_key=issuer_key.hex(), generation=chip)
    format_files(state, size=0, mf_access="000000", df_access="000000")
    return state


def format_files(state: CardState, *, size: int, mf_access: str, df_access: str) -> None:
    """Wipe files and PINs: what is left is the MF and the empty application."""
    state.pins.clear()
    state.files = {
        f"{layout.MF:04X}": File(FileKind.DF, layout.MF, size, mf_access),
        f"{layout.MF:04X}{layout.DF:04X}": File(FileKind.DF, layout.DF, size, df_access),
    }
