# SPDX-License-Identifier: EUPL-1.2
"""A person as the population register tells of one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from varmentaja.domain.identity_code import IdentityCode


class Language(StrEnum):
    """Languages of service; letters are written in the person's own."""

    FINNISH = "fi"
    SWEDISH = "sv"
    ENGLISH = "en"


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address in lines as they stand on an envelope (without the name)."""

    street: str
    postal_code: str
    town: str
    country: str = "FI"


@dataclass(frozen=True, slots=True)
class Person:
    """What the population register (VTJ) answers for one identity code."""

    identity_code: IdentityCode
    electronic_id: str
    """SATU: eight digits and a check character."""
    family_name: str
    given_names: str
    """All first names in the register's order, separated by spaces."""
    first_name: str
    """The name in use."""
    language: Language
    alive: bool = True
    non_disclosure: bool = False
    """Turvakielto: the home address must not be shown or used."""
    home_address: Address | None = None
