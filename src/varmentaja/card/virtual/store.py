# SPDX-License-Identifier: EUPL-1.2
"""A folder of virtual cards: one JSON file a card, written whole or not at all, owned by one process."""

from __future__ import annotations

import fcntl
import json
import re
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from varmentaja.card.virtual.card import VirtualCard
from varmentaja.card.virtual.state import CardState
from varmentaja.domain.errors import conflict, invalid, not_found
from varmentaja.files import clear_drafts, write_over

_SERIAL = re.compile(r"[0-9A-F]{20}")
_PICTURE_SUFFIXES = (".svg", ".png", ".pdf")


class CardStore:
    """The folder, locked while this object lives; DomainError (CONFLICT) if another process owns it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._lock = (folder / ".lock").open("a")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self._lock.close()
            raise conflict("Another program is using the folder of cards.") from error
        clear_drafts(folder)

    def close(self) -> None:
        """Let go of the folder."""
        self._lock.close()

    def serials(self) -> list[str]:
        """The chip serials of all cards, in order."""
        return sorted(path.stem for path in self._folder.glob("*.json"))

    def state(self, serial: str) -> CardState:
        """What a card remembers; DomainError (NOT_FOUND) if there is no such card."""
        try:
            return CardState.from_document(json.loads(self._path(serial).read_bytes()))
        except FileNotFoundError as error:
            raise not_found("There is no card with this serial.") from error

    def card(self, serial: str, random: Callable[[int], bytes]) -> VirtualCard:
        """The card, which stores itself here."""
        return VirtualCard(self.state(serial), partial(self.save, serial), random)

    def add(self, state: CardState) -> None:
        """A new card; DomainError (CONFLICT) if its serial is taken."""
        if self._path(state.chip_serial).exists():
            raise conflict("There is a card with this serial already.")
        self.save(state.chip_serial, state.document())

    def save(self, serial: str, document: Mapping[str, Any]) -> None:
        """Write a card's file: after a crash either the old or the new one is there."""
        write_over(self._path(serial), json.dumps(document).encode())

    def picture(self, serial: str) -> Path | None:
        """The picture of the card's face, if one lies beside the card."""
        paths = (self._path(serial).with_suffix(suffix) for suffix in _PICTURE_SUFFIXES)
        return next((path for path in paths if path.exists()), None)

    def put_picture(self, serial: str, suffix: str, content: bytes) -> Path:
        """Lay a picture (.svg, .png or .pdf) beside the card."""
        if suffix not in _PICTURE_SUFFIXES:
            raise invalid("A card's picture is an SVG, PNG or PDF file.")
        path = self._path(serial).with_suffix(suffix)
        write_over(path, content)
        return path

    def discard(self, serial: str, reason: str) -> None:
        """Take a card out of use: its keys are destroyed, what is left is a note with the reason."""
        path = self._path(serial)
        if not path.exists():
            raise not_found("There is no card with this serial.")
        waste = self._folder / "discarded"
        waste.mkdir(mode=0o700, exist_ok=True)
        note = {"chip_serial": serial, "reason": reason}
        write_over(waste / path.name, json.dumps(note).encode())
        if picture := self.picture(serial):
            picture.unlink()
        path.unlink()

    def _path(self, serial: str) -> Path:
        if not _SERIAL.fullmatch(serial):
            raise invalid("A chip serial has 20 hexadecimal digits.")
        return self._folder / f"{serial}.json"
