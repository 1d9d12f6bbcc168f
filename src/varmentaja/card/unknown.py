# SPDX-License-Identifier: EUPL-1.2
"""Cards that we do not drive: named as well as their ATR allows, with what the holder can do."""

from __future__ import annotations

from varmentaja.card.atr import historical_bytes
from varmentaja.card.driver import CardNotSupported
from varmentaja.domain.errors import Message, message

# Historical bytes by DVV's technology note v1.0 (12.8.2024), by way of refineid-core.
_CITIZEN = bytes.fromhex("8031B865B085")
_COSMO_V7 = bytes.fromhex("0031B8640429ECC173940180829000")
_LEGACY = b"FinEID"


def not_supported(atr: bytes) -> CardNotSupported:
    """The refusal for a card with this ATR."""
    return CardNotSupported(_text(atr))


def _text(atr: bytes) -> Message:
    history, shown = historical_bytes(atr), atr.hex(" ").upper()
    if not atr:
        return message(
            "The card does not answer. Take it out, turn the chip forward and up, and insert it again."
        )
    if history.startswith(_CITIZEN):
        return message(
            "This is a Finnish identity card (%(atr)s), not a card of social and health care. "
            "Use it with the card program of the Digital and Population Data Services Agency.",
            atr=shown,
        )
    if history == _COSMO_V7 or history.endswith(_LEGACY):
        return message(
            "This card (%(atr)s) is of a kind that was given out until December 2019. "
            "Its time has ended: apply for a new card.",
            atr=shown,
        )
    return message(
        "This program does not know this card (%(atr)s). If it is a card of social and health care, "
        "get the newest version of the program; if that does not help, tell these characters to the support.",
        atr=shown,
    )
