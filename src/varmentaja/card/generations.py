# SPDX-License-Identifier: EUPL-1.2
"""Generations of cards (domain/data/chip_generations.toml): which chip, which commands, which keys.

A card that we make names its generation in EF.TokenInfo; a real card is known by its historical bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from varmentaja.card.atr import historical_bytes
from varmentaja.card.driver import CardContents, KeyAlgorithm
from varmentaja.domain.data_files import load
from varmentaja.domain.errors import invalid, not_found


class Family(StrEnum):
    """Cards that understand the same commands; each has a driver."""

    MYEID = "myeid"
    S4_2 = "s4_2"


@dataclass(frozen=True, slots=True)
class Generation:
    """One kind of chip."""

    id: str
    name: str
    """What people call it."""
    family: Family
    keys: Mapping[str, KeyAlgorithm]
    """By line of authorities (``ecc``, ``rsa``); empty for chips that we do not make cards of."""
    history: bytes
    """Historical bytes that tell it, or empty where the card's content does."""

    def line(self, wanted: str) -> str:
        """The line of authorities for a card of this chip: the wanted one, or else what the chip can do."""
        if wanted in self.keys:
            return wanted
        if not self.keys:
            raise invalid("No cards of this generation are made here.")
        return next(iter(self.keys))


@cache
def generations() -> Mapping[str, Generation]:
    """All that we know, by id."""
    return {
        name: Generation(
            id=name,
            name=fields["name"],
            family=Family(fields["family"]),
            keys={line: KeyAlgorithm(key) for line, key in fields["keys"].items()},
            history=bytes.fromhex(fields.get("history", "")),
        )
        for name, fields in load("chip_generations")["generations"].items()
    }


def generation(name: str) -> Generation:
    """One generation by its id; DomainError (NOT_FOUND) if there is none."""
    if name not in generations():
        raise not_found("There is no card generation of this name.")
    return generations()[name]


def generation_by_atr(atr: bytes) -> str:
    """The id of the generation that an ATR alone tells; empty if it tells none."""
    history = historical_bytes(atr)
    return next((each.id for each in generations().values() if each.history and each.history == history), "")


def generation_of(card: CardContents) -> str:
    """The id of a card's generation; empty for a card of none that we know.

    Whoever lists the least program version by generation compares with this."""
    return card.generation if card.generation in generations() else ""
