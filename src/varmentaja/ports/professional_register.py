# SPDX-License-Identifier: EUPL-1.2
"""The registers of professionals (Terhikki for health care, Suosikki for social welfare).

The keeper's role and attribute data service is the machine interface of both; its message format was not
found in public sources. An adapter for it is written when the keeper has given the description, against the
contract tests that the simulator passes.
"""

from __future__ import annotations

from typing import Protocol

from varmentaja.domain.identity_code import IdentityCode
from varmentaja.domain.rights import Professional


class ProfessionalRegister(Protocol):
    """Answers what rights a person has; both registers at once, ended and future rights included.

    Both questions raise DomainError of kind UNAVAILABLE: no answer in time, or one that can't be understood.
    ``request_id`` (text, unique to the question) is repeated when the same question is asked again.
    """

    def professional(self, code: IdentityCode, *, request_id: str) -> Professional | None:
        """The professional with this identity code, or None for somebody who was never registered."""

    def professional_by_number(self, number: str, *, request_id: str) -> Professional | None:
        """The professional with this registration number (11 digits), or None."""
