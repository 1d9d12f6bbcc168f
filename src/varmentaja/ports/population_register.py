# SPDX-License-Identifier: EUPL-1.2
"""The population information system (VTJ): who is behind an identity code.

The message format of VTJ's interfaces was not found in public sources; an adapter for the real one is written
when its keeper has given the description, against the contract tests that the simulator passes.
"""

from __future__ import annotations

from typing import Protocol

from varmentaja.domain.identity_code import IdentityCode
from varmentaja.domain.people import Person


class PopulationRegister(Protocol):
    """Answers questions about one person at a time; every question is logged by its keeper."""

    def person(self, code: IdentityCode, *, request_id: str) -> Person | None:
        """The person, dead ones included, or None when no such code was ever given.

        ``request_id`` (text, unique to the question) is repeated when the same question is asked again. The
        answer's code may be another than ``code``: a person's code can be changed.
        Raises DomainError of kind UNAVAILABLE: no answer in time, or one that can't be understood.
        """
