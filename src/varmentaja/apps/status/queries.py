# SPDX-License-Identifier: EUPL-1.2
"""Reads of what is published, for the office."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.paging import Page, count_up_to, page_by_id
from varmentaja.apps.status.lists import waiting
from varmentaja.apps.status.models import Canary, Hold
from varmentaja.apps.status.publication import kept
from varmentaja.apps.status.rebuilding import open_rebuild
from varmentaja.domain.canaries import CanaryState
from varmentaja.domain.certificates import CertificateState
from varmentaja.domain.errors import Message, not_found
from varmentaja.domain.publication_gate import MOST_SHOWN, OPEN, Gate, HoldState
from varmentaja.pki.publication import Snapshot

TOLD_WITHIN = timedelta(seconds=60)
"""A revocation is told within 2 s. One that has waited so long is held back, or nobody is at work."""


@dataclass(frozen=True, slots=True)
class HoldLine:
    """A held publication, or a bulk revocation announced in advance (no message)."""

    hold_id: int
    gate: Gate
    subject: str
    count: int
    message: Message | None
    state: HoldState
    found_at: datetime
    reason: str
    asked_by: int | None
    agreed_by: int | None
    agreed_at: datetime | None


def holds(after: str) -> Page[HoldLine]:
    """Everything that was held or announced, newest first."""
    return page_by_id(Hold.objects.defer("certificates"), after, _line, newest_first=True)


def hold(hold_id: int) -> HoldLine:
    """One of them; raises not_found."""
    row = Hold.objects.filter(pk=hold_id).defer("certificates").first()
    if row is None:
        raise not_found("There is no such held publication.")
    return _line(row)


@dataclass(frozen=True, slots=True)
class NamedCertificate:
    """A certificate that a hold or a watch is about, as the records know it."""

    authority: str
    serial: str
    state: CertificateState | None = None
    """None where the records do not know it."""
    revoked_at: datetime | None = None
    card_id: int | None = None
    person_id: int | None = None


def certificates_of(hold_id: int) -> list[NamedCertificate]:
    """The first certificates that a hold is about."""
    names = Hold.objects.values_list("certificates", flat=True).get(pk=hold_id)
    return _named([(authority, serial) for authority, serial in names[:MOST_SHOWN]])


@dataclass(frozen=True, slots=True)
class CanaryLine:
    """A certificate that stands watch."""

    canary_id: int
    certificate: NamedCertificate
    revoked: bool
    """What publications must tell of it."""
    state: CanaryState
    asked_by: int | None
    reason: str


def watching(after: str) -> Page[CanaryLine]:
    """Every certificate that stands watch, the latest first."""
    page = page_by_id(Canary.objects.all(), after, lambda row: row, newest_first=True)
    return Page(tuple(_watching(page.lines)), page.next_key)


def canary(canary_id: int) -> CanaryLine:
    """One of them; raises not_found."""
    row = Canary.objects.filter(pk=canary_id).first()
    if row is None:
        raise not_found("There is no such certificate.")
    return _watching([row])[0]


def _watching(rows: Sequence[Canary]) -> list[CanaryLine]:
    certificates = _named([(row.authority, row.serial) for row in rows])
    return [
        CanaryLine(row.pk, certificate, row.revoked, CanaryState(row.state), row.asked_by_id, row.reason)
        for row, certificate in zip(rows, certificates, strict=True)
    ]


def _named(names: Sequence[tuple[str, str]]) -> list[NamedCertificate]:
    rows = Certificate.objects.filter(serial__in=[serial for _, serial in names]).defer("twin", "der")
    known = {(row.authority, row.serial): row for row in rows}
    return [
        _named_certificate(row) if (row := known.get(name)) else NamedCertificate(*name) for name in names
    ]


def _named_certificate(row: Certificate) -> NamedCertificate:
    return NamedCertificate(
        row.authority,
        row.serial,
        CertificateState(row.state),
        row.revoked_at,
        row.card_id,
        row.person_id,
    )


def count_open_holds() -> int:
    """How many wait for officers, up to a hundred."""
    return count_up_to(Hold.objects.filter(state__in=OPEN))


def untold_revocations(after: str, *, now: datetime) -> Page[NamedCertificate]:
    """Certificates that were revoked long enough ago and are still told good, the newest certificates
    first."""
    page = page_by_id(_untold(now), after, lambda row: row, newest_first=True)
    return Page(tuple(map(_named_certificate, page.lines)), page.next_key)


def count_untold_revocations(*, now: datetime) -> int:
    """How many there are, up to a hundred."""
    return count_up_to(_untold(now))


def _untold(now: datetime) -> QuerySet[Certificate]:
    return waiting().filter(revoked_at__lt=now - TOLD_WITHIN).defer("twin", "der")


def published() -> Snapshot | None:
    """What is published now, for those who hold the keys; None where nothing is, or only what is old: it is
    being made anew then.

    Raises DomainError or OSError when it is damaged.
    """
    return None if open_rebuild() else kept().publisher.current()


@dataclass(frozen=True, slots=True)
class RebuildLine:
    """How far it is that everything is made anew."""

    begun_at: datetime
    done: int
    total: int


def rebuilding() -> RebuildLine | None:
    """Whether that is under way."""
    row = open_rebuild()
    return RebuildLine(row.begun_at, min(row.done, row.total), row.total) if row else None


def _line(row: Hold) -> HoldLine:
    return HoldLine(
        hold_id=row.pk,
        gate=Gate(row.gate),
        subject=row.subject,
        count=row.count,
        message=Message(row.message["text"], row.message["values"]) if row.message else None,
        state=HoldState(row.state),
        found_at=row.found_at,
        reason=row.reason,
        asked_by=row.asked_by_id,
        agreed_by=row.agreed_by_id,
        agreed_at=row.agreed_at,
    )
