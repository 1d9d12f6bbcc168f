# SPDX-License-Identifier: EUPL-1.2
"""What a virtual card looks like from outside: one memory and one set of rules, the manners of its family."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from varmentaja.card.apdu import Command
from varmentaja.card.atr import VIRTUAL_MYEID_ATR, VIRTUAL_S4_2_ATR
from varmentaja.card.generations import Family, generation
from varmentaja.card.layout import LAYOUTS, Layout
from varmentaja.card.virtual import myeid, s4_2
from varmentaja.card.virtual.pins import Store
from varmentaja.card.virtual.session import Session
from varmentaja.card.virtual.state import CardState


@dataclass(frozen=True, slots=True)
class Personality:
    """One family's ATR, places, and commands for PINs and signatures by their instruction byte."""

    atr: bytes
    layout: Layout
    commands: Mapping[int, Callable[[Session, Command, Store], bytes]]


PERSONALITIES = {
    Family.MYEID: Personality(VIRTUAL_MYEID_ATR, LAYOUTS[Family.MYEID], myeid.COMMANDS),
    Family.S4_2: Personality(VIRTUAL_S4_2_ATR, LAYOUTS[Family.S4_2], s4_2.COMMANDS),
}


def personality_of(state: CardState) -> Personality:
    """How a card with this memory presents itself."""
    return PERSONALITIES[generation(state.generation).family]
