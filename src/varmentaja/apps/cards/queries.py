# SPDX-License-Identifier: EUPL-1.2
"""Reads of cards: what a page shows of one, without lazy rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from varmentaja.apps.cards.models import Card
from varmentaja.domain.cards import CardState
from varmentaja.domain.certificates import CertificateState
from varmentaja.domain.errors import Message, not_found
from varmentaja.domain.orders import OrderState
from varmentaja.domain.timeline import CardDates, Step, timeline


@dataclass(frozen=True, slots=True)
class CertificateLine:
    """One certificate of a card."""

    certificate_id: int
    authority: str
    serial: str
    purpose: str
    """authentication or signature."""
    state: CertificateState
    subject: str
    not_before: datetime
    not_after: datetime
    revoked_at: datetime | None
    reason: str
    profile: str
    """Id, version and hash of the profile, as text."""
    der: bytes | None


@dataclass(frozen=True, slots=True)
class EventLine:
    """One line of a card's history."""

    at: datetime
    business_day: date
    event: str
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class CardFile:
    """Everything a page shows of one card."""

    card_id: int
    person_id: int
    point_id: int
    application_id: int
    product: str
    state: CardState
    title: str
    algorithm: str
    chip_serial: str
    printed_serial: str
    valid_until: date
    has_face: bool
    steps: tuple[Step, ...]
    certificates: tuple[CertificateLine, ...]
    events: tuple[EventLine, ...]
    order_state: str
    order_trouble: dict[str, Any] | None
    """Why the last attempt of production failed: ``text`` and ``values`` of a message."""


def cards_of(person_id: int, *, today: date) -> tuple[CardFile, ...]:
    """The person's cards, newest first."""
    rows = _rows().filter(person_id=person_id).order_by("-id")
    return tuple(_file(row, today=today) for row in rows)


def card_file(card_id: int, *, today: date) -> CardFile:
    """One card; raises DomainError not_found."""
    row = _rows().filter(pk=card_id).first()
    if row is None:
        raise not_found("There is no such card.")
    return _file(row, today=today)


def card_face(card_id: int) -> bytes | None:
    """The card's front as printed (PNG); None before it is made."""
    row = Card.objects.only("face").filter(pk=card_id).first()
    return row.face if row else None


def why_discarded(state: str | None, reason: Mapping[str, Any] | None) -> Message | None:
    """Why the card of an order in this state, with this stored reason, was discarded; None if it was not."""
    if state != OrderState.DISCARDED or reason is None:
        return None
    return Message(reason["text"], reason["values"])


def _rows() -> Any:
    return (
        Card.objects.select_related("application", "order")
        .defer("face", "back", "application__photo")
        .prefetch_related("certificates", "events")
    )


def _file(card: Card, *, today: date) -> CardFile:
    dates = CardDates(
        ordered=card.ordered_on,
        made=card.made_on,
        posted=card.posted_on,
        letter_due=card.letter_due_on,
        letter_posted=card.letter_posted_on,
        activated=card.activated_on,
        ended=card.ended_on,
    )
    return CardFile(
        card_id=card.pk,
        person_id=card.person_id,
        point_id=card.application.point_id,
        application_id=card.application_id,
        product=card.product,
        state=CardState(card.state),
        title=card.title,
        algorithm=card.algorithm,
        chip_serial=card.chip_serial or "",
        printed_serial=card.printed_serial or "",
        valid_until=card.valid_until,
        has_face=card.made_on is not None,
        steps=timeline(dates, today),
        certificates=tuple(
            _certificate(row) for row in sorted(card.certificates.all(), key=lambda row: row.pk)
        ),
        events=tuple(
            EventLine(row.at, row.business_day, row.event, row.facts)
            for row in sorted(card.events.all(), key=lambda row: row.pk)
        ),
        order_state=card.order.state,
        order_trouble=card.order.reason,
    )


def _certificate(row: Any) -> CertificateLine:
    return CertificateLine(
        certificate_id=row.pk,
        authority=row.authority,
        serial=row.serial,
        purpose=row.purpose,
        state=CertificateState(row.state),
        subject=row.subject,
        not_before=row.not_before,
        not_after=row.not_after,
        revoked_at=row.revoked_at,
        reason=row.revocation_reason,
        profile=f"{row.profile} {row.profile_version} {row.profile_hash[:16]}",
        der=bytes(row.der) if row.der else None,
    )
