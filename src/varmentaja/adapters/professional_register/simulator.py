# SPDX-License-Identifier: EUPL-1.2
"""Terhikki and Suosikki of fictive professionals, read from a file of JSON lines."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from varmentaja.adapters.professional_register.record import to_professional
from varmentaja.adapters.sandbox.faults import Faults
from varmentaja.domain.errors import DomainError, unavailable
from varmentaja.domain.identity_code import IdentityCode
from varmentaja.domain.rights import Professional

PROFESSIONALS = Path(__file__).parent / "data" / "professionals.jsonl"
SYSTEM = "professional_register"
"""Name of this system in the file of faults."""


class SimulatedProfessionalRegister:
    """Implements ports.professional_register.ProfessionalRegister."""

    def __init__(self, faults: Faults, file: Path = PROFESSIONALS) -> None:
        self._faults = faults
        records = _load(file)
        self._by_code = {record["identity_code"]: record for record in records}
        self._by_number = {record["registration_number"]: record for record in records}

    def professional(self, code: IdentityCode, *, request_id: str) -> Professional | None:
        """See the port."""
        return self._answer(self._by_code, str(code))

    def professional_by_number(self, number: str, *, request_id: str) -> Professional | None:
        """See the port."""
        return self._answer(self._by_number, number)

    def _answer(self, index: dict[str, dict[str, Any]], key: str) -> Professional | None:
        nonsense = self._faults.strike(SYSTEM, _no_answer)
        record = index.get(key)
        if record is None:
            return None
        # Nonsense is what a register in trouble sends: the right shape with the content gone.
        return to_professional(dict.fromkeys(record, "") if nonsense else record)


@cache
def _load(file: Path) -> tuple[dict[str, Any], ...]:
    with file.open(encoding="utf-8") as lines:
        return tuple(json.loads(line) for line in lines)


def _no_answer() -> DomainError:
    return unavailable("The professional register does not answer. Try again later.")
