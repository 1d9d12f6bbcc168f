# SPDX-License-Identifier: EUPL-1.2
"""The cast of the sandbox: named fictive people with a role in the story, and their registration points."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from varmentaja.domain.check_character import check_character
from varmentaja.domain.identity_code import IdentityCode
from varmentaja.domain.people import Address

FILE = Path(__file__).parent / "cast.toml"


@dataclass(frozen=True, slots=True)
class Point:
    """A fictive registration point."""

    id: str
    names: dict[str, str]
    """Language (fi, sv, en) to name."""
    organisation: str
    address: Address


@dataclass(frozen=True, slots=True)
class Member:
    """One person of the cast; names, address and rights are in the registers."""

    role: str
    """Such as ``physician``, ``registrar``, ``officer``."""
    identity_code: IdentityCode
    family_name: str
    given_names: str
    story: dict[str, str]
    """Language (fi, sv, en) to a sentence about who this is."""
    job_title: str | None = None
    """For those who hold a personnel card."""
    point: str | None = None
    """Id of the registration point where a registrar works."""
    former_code: IdentityCode | None = None
    """The identity code before it was changed."""
    chip: str | None = None
    """Generation of the personnel card's blank (domain/data/chip_generations.toml), if not the current."""


@dataclass(frozen=True, slots=True)
class Cast:
    """Everybody who is named in the guide."""

    points: tuple[Point, ...]
    members: tuple[Member, ...]

    def member(self, role: str) -> Member:
        """The person who plays ``role``; KeyError for a role that nobody plays."""
        for member in self.members:
            if member.role == role:
                return member
        raise KeyError(role)


@cache
def load_cast(file: Path = FILE) -> Cast:
    """Read the cast's file."""
    content = tomllib.loads(file.read_text("utf-8"))
    return Cast(tuple(map(_point, content["points"])), tuple(map(_member, content["people"])))


def _point(entry: dict[str, Any]) -> Point:
    return Point(
        id=entry["id"],
        names={language: entry[language] for language in ("fi", "sv", "en")},
        organisation=entry["organisation"],
        address=Address(entry["street"], entry["postal_code"], entry["town"]),
    )


def _member(entry: dict[str, Any]) -> Member:
    return Member(
        role=entry["role"],
        identity_code=identity_code_of(entry),
        family_name=entry["family_name"],
        given_names=entry["given_names"],
        story={language: entry[language] for language in ("fi", "sv", "en")},
        job_title=entry.get("job_title"),
        point=entry.get("point"),
        former_code=former_code_of(entry),
        chip=entry.get("chip"),
    )


def identity_code_of(entry: dict[str, Any]) -> IdentityCode:
    """The identity code of a cast entry: date of birth, separator, individual number, computed check."""
    return _code(entry, entry["number"])


def former_code_of(entry: dict[str, Any]) -> IdentityCode | None:
    """The identity code before it was changed, of those for whom it was."""
    return _code(entry, entry["former_number"]) if "former_number" in entry else None


def _code(entry: dict[str, Any], individual_number: int) -> IdentityCode:
    day = entry["born"].strftime("%d%m%y")
    separator = entry.get("separator", "A" if entry["born"].year >= 2000 else "-")
    number = str(individual_number)
    return IdentityCode.parse(day + separator + number + check_character(day + number))
