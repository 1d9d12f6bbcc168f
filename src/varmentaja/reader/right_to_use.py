# SPDX-License-Identifier: EUPL-1.2
"""Which cards this program works for: those of the issuers that it was set up with, and of chips that its
version is new enough for. What is said before a card's certificates end."""

from __future__ import annotations

from datetime import datetime

from varmentaja.domain.errors import Message, message
from varmentaja.pki.hierarchy import Hierarchy
from varmentaja.reader.cards import InsertedCard
from varmentaja.reader.diagnosis import Finding, end_warning
from varmentaja.reader.examination import path_of
from varmentaja.reader.observed import Path
from varmentaja.reader.service_link import ServiceLink


def why_not(card: InsertedCard, service: ServiceLink, *, now: datetime) -> Message | None:
    """Why this program may not work for a card: by its issuer, or by the version for its chip; None when it
    may."""
    return refusal(card, service.hierarchy, now=now) or service.refusal(card)


def ending(card: InsertedCard, *, now: datetime) -> Finding | None:
    """The warning in the month before the card's certificates end; None at other times."""
    ends = [certificate.valid_until for certificate in card.certificates]
    return end_warning(min(ends), now) if ends else None


def refusal(card: InsertedCard, hierarchy: Hierarchy | None, *, now: datetime) -> Message | None:
    """Why this program does not work for a card; None when it does, or when it was told of no issuers.

    It works for a card with a certificate of one of the issuers that is valid, or whose holder has still to
    activate the card."""
    if not card.certificates:
        return message("There is no certificate on this card. Contact your registration point.")
    if hierarchy is None:
        return None
    ours = [
        each for each in card.certificates if path_of(each.certificate, hierarchy, at=now) is Path.TRUSTED
    ]
    if not ours:
        return message(
            "This card is from another issuer: %(issuer)s. This program works for the cards of the "
            "services that it was set up for. Use the program that came with the card.",
            issuer=card.certificates[0].issuer or "-",
        )
    if card.contents.is_activated and all(each.valid_until < now for each in ours):
        return message("The certificates of this card are no longer valid. You need a new card.")
    return None
