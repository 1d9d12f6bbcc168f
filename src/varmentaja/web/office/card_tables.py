# SPDX-License-Identifier: EUPL-1.2
"""The parts of a card's page."""

from __future__ import annotations

from collections.abc import Iterable

from django.urls import reverse
from django.utils.translation import gettext as _

from varmentaja.apps.cards.queries import CardFile
from varmentaja.apps.letters.queries import LetterLine
from varmentaja.domain.delivery import LABELS as DESTINATIONS
from varmentaja.domain.errors import Message
from varmentaja.domain.orders import ORDER, OrderState
from varmentaja.domain.timeline import next_step
from varmentaja.ui.components import Column, Link, Progress, SummaryRow, Table, TimelineEntry
from varmentaja.ui.translate import translated
from varmentaja.web.office.pages import application_link, person_link
from varmentaja.web.office.texts import CARD_EVENTS, PURPOSES, certificate_status, letter_status, moment


def facts(card: CardFile, holder: str) -> list[SummaryRow]:
    """What the card is."""
    return [
        SummaryRow(_("Holder"), person_link(holder, card.person_id)),
        SummaryRow(_("Title"), card.title),
        SummaryRow(_("Serial number on the card"), card.printed_serial),
        SummaryRow(_("Serial number of the chip"), card.chip_serial),
        SummaryRow(_("Valid until"), card.valid_until),
        SummaryRow(_("Application"), application_link(card.application_id)),
    ]


def way(card: CardFile) -> list[TimelineEntry]:
    """The card's time line; steps that will not come any more are left out."""
    coming = next_step(card.steps)
    return [
        TimelineEntry(
            translated(step.label),
            Progress.DONE if step.done else Progress.CURRENT if step is coming else Progress.COMING,
            step.done or step.expected,
            estimated=step.done is None,
        )
        for step in card.steps
        if step.done or not _ended(card)
    ]


def _ended(card: CardFile) -> bool:
    return all(step.expected is None for step in card.steps) and any(step.done is None for step in card.steps)


def certificates(card: CardFile) -> Table:
    """The card's certificates, also those of chips that were discarded."""
    columns = [Column(_("Purpose")), Column(_("Serial number")), Column(_("Authority"))]
    return Table(
        _("Certificates"),
        [*columns, Column(_("Valid until")), Column(_("Revoked")), Column(_("State"))],
        [
            [
                PURPOSES.get(line.purpose, line.purpose),
                line.serial,
                line.authority,
                line.not_after.date(),
                f"{moment(line.revoked_at)} ({line.reason})" if line.revoked_at else "",
                certificate_status(line.state),
            ]
            for line in card.certificates
        ],
        empty=_("No certificate has been issued for this card."),
    )


def order(card: CardFile) -> list[SummaryRow]:
    """How far production has come and what went wrong last."""
    trouble = card.order_trouble
    return [
        SummaryRow(_("Order"), translated(ORDER.states[OrderState(card.order_state)].sentence)),
        SummaryRow(
            _("Last trouble"), translated(Message(trouble["text"], trouble["values"])) if trouble else ""
        ),
    ]


def letters(lines: Iterable[LetterLine]) -> Table:
    """The card's letters."""
    columns = [Column(_("Letter")), Column(_("Sent to")), Column(_("Due")), Column(_("Posted"))]
    return Table(
        _("Letters"),
        [*columns, Column(_("State"))],
        [
            [
                Link(_("Code letter"), reverse("office:letter", args=[line.letter_id])),
                translated(DESTINATIONS[line.recipient.destination]),
                line.due_on,
                line.posted_on or "",
                letter_status(line.state),
            ]
            for line in lines
        ],
        empty=_("No letter yet: the code letter is put down when the card is sent."),
    )


def events(card: CardFile) -> Table:
    """What has happened to the card, newest first."""
    return Table(
        _("Events"),
        [Column(_("When")), Column(_("What happened")), Column(_("Business day"))],
        [
            [moment(line.at), CARD_EVENTS.get(line.event, line.event), line.business_day]
            for line in reversed(card.events)
        ],
    )
