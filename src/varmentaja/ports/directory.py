# SPDX-License-Identifier: EUPL-1.2
"""The public directory: an LDAP server that anybody may search."""

from __future__ import annotations

from typing import Protocol

from varmentaja.pki.directory import Entry


class Directory(Protocol):
    """Below one base. Every method raises DomainError UNAVAILABLE when the server gives no answer or refuses,
    and may be called again: what is there already is left as it is."""

    @property
    def address(self) -> str:
        """Where people ask: ``ldap://host``."""

    @property
    def base(self) -> str:
        """Distinguished name of the base: ``dmdName=…,c=FI``."""

    def put(self, entry: Entry) -> bool:
        """Make the entry, or make it as given; whether anything changed. Those above it are there."""

    def persons(self) -> set[str]:
        """The serialNumbers of all persons in the directory."""

    def remove_person(self, number: str) -> None:
        """Take the person with this serialNumber out, if there."""
