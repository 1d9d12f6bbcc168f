# SPDX-License-Identifier: EUPL-1.2
"""OCSP answers: which are due, and signing them. No row is locked meanwhile: a certificate that is revoked
while an answer is being signed has a higher revision, and waits for another answer."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import connection
from django.db.models import QuerySet

from varmentaja.apps.certificates.models import Certificate
from varmentaja.domain.certificates import CertificateState
from varmentaja.pki.publication import Answer
from varmentaja.ports.custody import Custody, SerialStatus

LIFETIME = timedelta(hours=48)
"""Validity of answers and lists (decision 21)."""
HALF_LIFE = LIFETIME / 2
STAGGER = timedelta(hours=4)
"""Renewals are spread over this time before the half-life, each serial at a place of its own."""


class Row(NamedTuple):
    """What a status is said from."""

    pk: int
    authority: str
    serial: str
    shard: int | None
    revision: int
    not_after: datetime
    revoked_at: datetime | None
    revocation_reason: str


def due(now: datetime) -> QuerySet[Certificate]:
    """Certificates whose answer must be signed, those that fell due last first: what is new does not wait
    behind a backlog of renewals. A revocation is told with its list (lists.py), and nothing else of that
    certificate meanwhile."""
    return overdue(now).exclude(state=CertificateState.REVOKED, first_listed=None)


def overdue(now: datetime) -> QuerySet[Certificate]:
    """All that wait for an answer, in the order of the index: revocations that no list tells yet, too."""
    return Certificate.objects.filter(answer_due_at__lte=now).order_by("-answer_due_at", "id")


def read(rows: QuerySet[Certificate]) -> list[Row]:
    """As they are now."""
    return [Row._make(values) for values in rows.values_list(*Row._fields)]


def sign_answers(custody: Custody, rows: Sequence[Row], *, now: datetime) -> list[Answer]:
    """One for each row, in another order: what is long over is withdrawn."""
    signed_at = whole_second(now)
    over = [row for row in rows if _is_over(row, now)]
    spoken = [status_of(row) for row in rows if not _is_over(row, now)]
    spoken.sort(key=lambda status: status.authority)
    return [
        *(Answer.withdrawn(row.authority, int(row.serial, 16), row.revision, signed_at) for row in over),
        *custody.answers(spoken, this_update=signed_at, next_update=signed_at + LIFETIME),
    ]


def whole_second(now: datetime) -> datetime:
    """What is signed is dated in whole seconds."""
    return now.replace(microsecond=0)


def status_of(row: Row) -> SerialStatus:
    """What is said of the certificate."""
    return SerialStatus(row.authority, row.serial, row.revision, row.revoked_at, row.revocation_reason)


def note_answered(rows: Sequence[Row], *, now: datetime) -> None:
    """Store when the next answers are due. What has changed since, or is just being changed, stays due.

    What is told of as good again, after a fault was mended, is named by a list anew should it be revoked."""
    due_at = whole_second(now) + HALF_LIFE
    dues = [None if _is_over(row, now) else due_at - _stagger(row.serial) for row in rows]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE certificates_certificate AS held SET answer_due_at = answered.at,"
            " first_listed = CASE WHEN held.state = %s THEN held.first_listed END"
            " FROM unnest(%s::bigint[], %s::bigint[], %s::timestamptz[]) AS answered (id, revision, at),"
            " (SELECT id FROM certificates_certificate WHERE id = ANY(%s) ORDER BY id"
            "  FOR UPDATE SKIP LOCKED) AS free"
            " WHERE held.id = free.id AND held.id = answered.id AND held.revision = answered.revision",
            [
                CertificateState.REVOKED.value,
                [row.pk for row in rows],
                [row.revision for row in rows],
                dues,
                [row.pk for row in rows],
            ],
        )


def _is_over(row: Row, now: datetime) -> bool:
    """Whether the certificate ended so long ago that nothing is said of it any more."""
    return row.not_after < now - LIFETIME


def _stagger(serial: str) -> timedelta:
    return STAGGER * (zlib.crc32(serial.encode()) % 1000) / 1000
