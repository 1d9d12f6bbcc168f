# SPDX-License-Identifier: EUPL-1.2
"""Where a card's two mailings go, as was settled in its application."""

from __future__ import annotations

from typing import Literal

from varmentaja.apps.cards.models import Card
from varmentaja.domain.delivery import Destination, Recipient
from varmentaja.domain.people import Address


def recipient_of(card: Card, item: Literal["card", "letter"]) -> Recipient:
    """The settled address of the card or of its code letter."""
    settled = (card.application.delivery or {})[item]
    return Recipient(
        destination=Destination(settled["destination"]),
        name=settled["name"],
        organisation=settled["organisation"],
        address=Address(**settled["address"]),
    )
