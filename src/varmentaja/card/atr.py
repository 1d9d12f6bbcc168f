# SPDX-License-Identifier: EUPL-1.2
"""Answer to reset (ISO/IEC 7816-3 8.2): finding the historical bytes, by which cards are told apart."""

from __future__ import annotations

VIRTUAL_MYEID_ATR = bytes.fromhex("3BF51800008131FE454F7345494492")
"""Historical bytes "OsEID": the name OpenSC knows a software implementation of MyEID by."""

VIRTUAL_S4_2_ATR = bytes.fromhex("3BFD1800008131FE4553342D32205445535443415244B4")
"""Historical bytes "S4-2 TESTCARD", our choice: no chip that is sold says so."""

_IN_SOFTWARE = (b"OsEID", b"TESTCARD")


def is_test_card(atr: bytes) -> bool:
    """True for a card made in software, by the end of its historical bytes."""
    return historical_bytes(atr).endswith(_IN_SOFTWARE)


def historical_bytes(atr: bytes) -> bytes:
    """The historical bytes; empty where the ATR is cut short."""
    if len(atr) < 2:
        return b""
    count, y, offset = atr[1] & 0x0F, atr[1] >> 4, 2
    while y:
        # TA, TB, TC and TD follow for each bit of Y; TD carries the next Y.
        offset += (y & 0b0111).bit_count()
        if not y & 0b1000:
            break
        if offset >= len(atr):
            return b""
        y, offset = atr[offset] >> 4, offset + 1
    return atr[offset : offset + count]
