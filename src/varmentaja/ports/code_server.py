# SPDX-License-Identifier: EUPL-1.2
"""The national code server: code sets such as the rights to practise (1.2.246.537.6.140)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Protocol

RIGHTS_TO_PRACTISE = "1.2.246.537.6.140"
"""Object identifier of the code set of rights to practise."""


class ConceptStatus(StrEnum):
    """States of a code, as the server names them."""

    ACTIVE = "ACTIVE"
    PROPOSAL = "PROPOSAL"
    DELETED = "DELETED"


@dataclass(frozen=True, slots=True)
class Concept:
    """One code of a code set."""

    code: str
    status: ConceptStatus
    begins: date | None
    expires: date | None
    titles: dict[str, str] = field(default_factory=dict)
    """Language (fi, sv) to the long name, or the short one where there is no long one."""

    def title(self, language: str) -> str:
        """The name in ``language``, else in Finnish, else the code itself."""
        return self.titles.get(language) or self.titles.get("fi") or self.code


@dataclass(frozen=True, slots=True)
class CodeSet:
    """A whole code set, in the server's order."""

    oid: str
    concepts: tuple[Concept, ...]

    def concept(self, code: str) -> Concept | None:
        """The code's concept, whatever its status."""
        return next((concept for concept in self.concepts if concept.code == code), None)


class CodeServer(Protocol):
    """Gives whole code sets; changes are not announced, so sets are pulled now and then."""

    def code_set(self, oid: str, *, request_id: str) -> CodeSet:
        """All codes of the set ``oid``.

        Raises DomainError: NOT_FOUND when the server has no such set, UNAVAILABLE when it gives no answer in
        time or one that can't be understood (a set with a missing page is never given).
        """
