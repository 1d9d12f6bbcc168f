# SPDX-License-Identifier: EUPL-1.2
"""A directory in memory, with the rules of a real one that its users could stumble over."""

from __future__ import annotations

from varmentaja.adapters.sandbox.faults import Faults
from varmentaja.domain.errors import unavailable
from varmentaja.pki.directory import USER_CERTIFICATE, Entry, Path, person_path

SYSTEM = "directory"


class SimulatedDirectory:
    """Entries by path."""

    address = "ldap://directory.example"

    def __init__(self, base: str, faults: Faults | None = None) -> None:
        self.base = base
        self.entries: dict[Path, Entry] = {}
        self._faults = faults or Faults()

    def put(self, entry: Entry) -> bool:
        """Those above must be there, as in a real directory."""
        self._answer()
        if entry.path[:-1] and entry.path[:-1] not in self.entries:
            raise unavailable("The directory refused an entry: %(reason)s", reason="noSuchObject")
        if self.entries.get(entry.path) == entry:
            return False
        self.entries[entry.path] = entry
        return True

    def persons(self) -> set[str]:
        """By their certificates."""
        self._answer()
        return {path[0][1] for path, entry in self.entries.items() if USER_CERTIFICATE in entry.attributes}

    def remove_person(self, number: str) -> None:
        """Forget the entry."""
        self._answer()
        self.entries.pop(person_path(number), None)

    def _answer(self) -> None:
        if self._faults.of(SYSTEM) is not None:
            raise unavailable("The directory does not answer: %(reason)s", reason="simulated")
