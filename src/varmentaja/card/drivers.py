# SPDX-License-Identifier: EUPL-1.2
"""Which driver speaks to an inserted card: chosen by the historical bytes of its ATR, not the whole of it."""

from __future__ import annotations

from collections.abc import Callable

from varmentaja.card.atr import historical_bytes
from varmentaja.card.driver import CardDriver, CardNotSupported, Transport
from varmentaja.card.myeid import MyEidDriver

_DRIVERS: tuple[tuple[bytes, Callable[[Transport], CardDriver]], ...] = (
    (b"OsEID", MyEidDriver),
    (b"MyEID", MyEidDriver),
)
"""By the end of the historical bytes."""


def open_card(transport: Transport) -> CardDriver:
    """The driver for the card at the other end; CardNotSupported if we know none."""
    history = historical_bytes(transport.atr)
    for ending, driver in _DRIVERS:
        if history.endswith(ending):
            return driver(transport)
    raise CardNotSupported()
