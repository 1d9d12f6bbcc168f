# SPDX-License-Identifier: EUPL-1.2
"""Which driver speaks to an inserted card: chosen by the historical bytes of its ATR, not the whole of it.

Other cards share some ATRs, so the S4-2 driver looks for the application before anything else; without one
it refuses the card as unknown, too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from varmentaja.card.atr import historical_bytes
from varmentaja.card.driver import CardDriver, Transport
from varmentaja.card.generations import Family, generation, generation_by_atr
from varmentaja.card.myeid import MyEidDriver
from varmentaja.card.s4_2 import S42Driver
from varmentaja.card.unknown import not_supported

_DRIVERS: Mapping[Family, Callable[[Transport], CardDriver]] = {
    Family.MYEID: MyEidDriver,
    Family.S4_2: S42Driver,
}
_ENDINGS = ((b"OsEID", Family.MYEID), (b"MyEID", Family.MYEID), (b"S4-2 TESTCARD", Family.S4_2))
"""Of the historical bytes of cards that no generation names."""


def open_card(transport: Transport) -> CardDriver:
    """The driver for the card at the other end; CardNotSupported if we know none."""
    family = family_of(transport.atr)
    if family is None:
        raise not_supported(transport.atr)
    return _DRIVERS[family](transport)


def family_of(atr: bytes) -> Family | None:
    """The family of a card by its ATR, or None."""
    if name := generation_by_atr(atr):
        return generation(name).family
    history = historical_bytes(atr)
    return next((family for ending, family in _ENDINGS if history.endswith(ending)), None)
