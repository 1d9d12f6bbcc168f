# SPDX-License-Identifier: EUPL-1.2
"""Cards and certificates in words for their holder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext as _

from varmentaja.apps.cards.queries import CardFile, CertificateLine
from varmentaja.domain.cards import CARD, OUT, CardState
from varmentaja.domain.certificates import CertificateState
from varmentaja.domain.products import LABELS, product
from varmentaja.domain.timeline import Step, next_step
from varmentaja.pki.reader import describe
from varmentaja.ui.components import Progress, Status, SummaryRow, TimelineEntry, Tone
from varmentaja.ui.translate import translated

MONTH = timedelta(days=31)
ON_ITS_WAY = frozenset({CardState.ORDERED, CardState.PERSONALISING, CardState.MADE, CardState.DISPATCHED})


@dataclass(frozen=True, slots=True)
class ShownCertificate:
    """One certificate of a card."""

    line: CertificateLine
    heading: str
    holder: str
    what_for: str
    status: Status
    rows: tuple[SummaryRow, ...]
    """Technical details."""


@dataclass(frozen=True, slots=True)
class ShownCard:
    """One card of the holder's page."""

    file: CardFile
    heading: str
    status: Status
    meaning: str
    entries: tuple[TimelineEntry, ...]
    certificates: tuple[ShownCertificate, ...]
    can_end: bool
    ends_soon: bool
    """In the holder's hands, and within the month before its last day."""


def shown_card(card: CardFile, *, today: date) -> ShownCard:
    """Everything that the holder's page says of a card."""
    text = CARD.states[card.state]
    return ShownCard(
        file=card,
        heading=translated(LABELS[product(card.product).id]),
        status=Status(translated(text.label), _card_tone(card.state)),
        meaning=translated(text.sentence),
        entries=_entries(card),
        certificates=tuple(shown_certificate(line) for line in card.certificates if line.der),
        can_end=card.state in OUT,
        ends_soon=card.state in OUT and today > card.valid_until - MONTH,
    )


def shown_certificate(line: CertificateLine) -> ShownCertificate:
    """A certificate in plain words."""
    signing = line.purpose == "signature"
    assert line.der is not None, "only issued certificates are shown"
    facts = describe(line.der)
    return ShownCertificate(
        line=line,
        heading=_("Signature certificate") if signing else _("Sign-in certificate"),
        holder=f"{facts.given_names} {facts.surname}",
        what_for=_("For signing documents and prescriptions, with PIN 2.")
        if signing
        else _("For proving who you are when you sign in to systems, with PIN 1."),
        status=_certificate_status(line, now=timezone.now()),
        rows=(
            SummaryRow(_("Holder in the certificate"), line.subject),
            SummaryRow(_("Serial number of the certificate"), line.serial),
            SummaryRow(_("Issuer"), facts.issuer),
            SummaryRow(_("Profile"), line.profile),
        ),
    )


def _certificate_status(line: CertificateLine, *, now: datetime) -> Status:
    if line.state is CertificateState.REVOKED:
        return Status(_("Revoked"), Tone.BAD)
    if line.not_after < now:
        return Status(_("Expired"), Tone.BAD)
    if line.state is CertificateState.ISSUED:
        return Status(_("Valid"), Tone.GOOD)
    return Status(_("Not in use"), Tone.NEUTRAL)


def _card_tone(state: CardState) -> Tone:
    if state is CardState.ACTIVATED:
        return Tone.GOOD
    return Tone.ACTIVE if state in ON_ITS_WAY else Tone.BAD


def _entries(card: CardFile) -> tuple[TimelineEntry, ...]:
    """The way of a card that is under way; what is no longer expected is left out."""
    ended = card.state not in OUT | ON_ITS_WAY
    coming = next_step(card.steps)
    return tuple(_entry(step, current=step is coming) for step in card.steps if step.done or not ended)


def _entry(step: Step, *, current: bool) -> TimelineEntry:
    title = translated(step.label)
    if step.done:
        return TimelineEntry(title, Progress.DONE, step.done)
    progress = Progress.CURRENT if current else Progress.COMING
    return TimelineEntry(
        title, progress, step.expected, estimated=step.expected is not None, text=translated(step.ask)
    )
