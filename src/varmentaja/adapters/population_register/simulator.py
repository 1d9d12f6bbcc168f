# SPDX-License-Identifier: EUPL-1.2
"""A population register of fictive people, read from a file of JSON lines."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from varmentaja.adapters.population_register.record import to_person
from varmentaja.adapters.sandbox.faults import Faults
from varmentaja.domain.errors import DomainError, unavailable
from varmentaja.domain.identity_code import IdentityCode
from varmentaja.domain.people import Person

PEOPLE = Path(__file__).parent / "data" / "people.jsonl"
SYSTEM = "population_register"
"""Name of this system in the file of faults."""


class SimulatedPopulationRegister:
    """Implements ports.population_register.PopulationRegister."""

    def __init__(self, faults: Faults, file: Path = PEOPLE) -> None:
        self._faults = faults
        self._records = _load(file)

    def person(self, code: IdentityCode, *, request_id: str) -> Person | None:
        """See the port."""
        nonsense = self._faults.strike(SYSTEM, _no_answer)
        record = self._records.get(str(code))
        if record is None:
            return None
        # Nonsense is what a register in trouble sends: the right shape with the content gone.
        return to_person(dict.fromkeys(record, "") if nonsense else record)


@cache
def _load(file: Path) -> dict[str, dict[str, Any]]:
    with file.open(encoding="utf-8") as lines:
        records = [json.loads(line) for line in lines]
    return {code: record for record in records for code in _codes(record)}


def _codes(record: dict[str, Any]) -> tuple[str, ...]:
    """The present identity code and those that it has replaced."""
    return (record["identity_code"], *record.get("former_codes", ()))


def _no_answer() -> DomainError:
    return unavailable("The population register does not answer. Try again later.")
