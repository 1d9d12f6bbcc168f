# SPDX-License-Identifier: EUPL-1.2
"""Sign and publish every OCSP answer and revocation list that has changed or is due.

A run signs only what is due, so a day's work is proportional to what changed. Files are switched before the
rows are stored: a run that is cut off in between is done again, and nothing published ever goes back.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, QuerySet

from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.status.gate import PublicationGate
from varmentaja.apps.status.holds import hold_back, settle
from varmentaja.apps.status.models import CrlShard, Publication
from varmentaja.domain.certificates import CertificateState
from varmentaja.pki.crl import next_crl_number, stays_listed
from varmentaja.pki.publication import Answer, Crl, Head, Publisher, Snapshot
from varmentaja.pki.publication.gates import Held
from varmentaja.ports.connected import outside
from varmentaja.ports.custody import Custody, SerialStatus

LIFETIME = timedelta(hours=48)
"""Validity of answers and lists (decision 21)."""
HALF_LIFE = LIFETIME / 2
LISTED_BEYOND = 2 * LIFETIME
"""An entry stays in the lists so long after expiry: until then an answer may still call it revoked, and the
gate must find the two in agreement. RFC 5280 §3.3 asks for less."""
COMMITTED_WITHIN = timedelta(hours=1)
"""A revocation is in the records so long after its time at the latest: so far a delta reaches behind its
base."""
STAGGER = timedelta(hours=4)
"""Renewals are spread over this time before the half-life, each serial at a place of its own."""
OVERTAKING = 200
"""Up to so many answers stand in the overlay; with more, all that overtook becomes part of a new set."""
BATCH = 5000
URGENT = 50
"""While a revocation waits, a run signs no more than this, so that it takes no time and needs no new set."""


def publish_status(*, now: datetime) -> Head | None:
    """Publish what is due; None when nothing is, or when a gate holds it back and the office is alarmed.

    Runs one at a time (a job lock sees to it).
    """
    try:
        return _publish(now=now)
    except Held as held:
        hold_back(held.findings, now=now)
        return None


def _publish(*, now: datetime) -> Head | None:
    custody = outside().custody
    assert custody is not None, "the worker holds the keys"
    publisher = _publisher(Path(settings.PUBLICATION), custody)
    with transaction.atomic():
        gate = PublicationGate(now=now)
        _ensure_shards(custody, now=now)
        second = now.replace(microsecond=0)  # what is signed is dated in whole seconds
        _make_good_what_was_lost(publisher.current(), now=second)
        waits = CrlShard.objects.filter(changed_at__isnull=False).exists()
        rows = _due_certificates(now, min(URGENT, BATCH) if waits else BATCH)
        due = Q(due_at__lte=now) | Q(changed_at__isnull=False) | Q(base_number=0)
        shards = list(CrlShard.objects.select_for_update().filter(due).order_by("authority", "shard"))
        if not rows and not shards:
            return None
        answers = _answers(custody, rows, now=second)
        crls = [crl for shard in shards for crl in _lists(custody, shard, now=second)]
        head = _switch(publisher.judged_by([gate]), custody, answers, crls, now=now)
        _store(rows, shards, now=second)
        Publication.objects.create(
            set_number=head.set.number,
            generation=head.generation,
            published_at=now,
            answers=len(answers),
            crls=len(crls),
            **gate.counts,
        )
        settle(gate, now=now)
    return head


def is_behind(now: datetime) -> bool:
    """Whether answers are due still: one run signs a batch at the most, and lets revocations in between."""
    return Certificate.objects.filter(answer_due_at__lte=now).exists()


def _make_good_what_was_lost(current: Snapshot | None, *, now: datetime) -> None:
    """All that was signed after the folder's head is due again when the folder is older than the records say:
    it was restored from a copy, or lost. Else what was revoked since would stay good until its half-life."""
    last = Publication.objects.order_by("-id").first()
    if last is None:
        return
    if current is None:
        Certificate.objects.filter(answer_due_at__isnull=False).update(answer_due_at=now)
    elif (current.head.set.number, current.head.generation) < (last.set_number, last.generation):
        signed_since = current.head.time + HALF_LIFE - STAGGER
        Certificate.objects.filter(answer_due_at__gt=signed_since).update(answer_due_at=now)
    else:
        return
    CrlShard.objects.update(due_at=now)


def _ensure_shards(custody: Custody, *, now: datetime) -> None:
    known = set(CrlShard.objects.values_list("authority", "shard"))
    CrlShard.objects.bulk_create(
        [
            CrlShard(authority=name, shard=shard, due_at=now)
            for name, shard in custody.shards()
            if (name, shard) not in known
        ],
        ignore_conflicts=True,
    )


class _Row(NamedTuple):
    """What a status is said from."""

    pk: int
    authority: str
    serial: str
    revision: int
    not_after: datetime
    revoked_at: datetime | None
    revocation_reason: str


def _due_certificates(now: datetime, most: int) -> list[_Row]:
    """What fell due last comes first: a revocation does not wait behind a backlog of renewals.

    A row that is locked is being revoked: that announces itself when it commits.
    """
    due = (
        Certificate.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(answer_due_at__lte=now)
        .order_by("-answer_due_at", "id")[:most]
    )
    rows = map(_Row._make, due.values_list(*_Row._fields))
    return sorted(rows, key=lambda row: row.authority)


def _answers(custody: Custody, rows: list[_Row], *, now: datetime) -> list[Answer]:
    """One for each row, in another order: what is long over is withdrawn."""
    over = [row for row in rows if _is_over(row, now)]
    spoken = [_status(row) for row in rows if not _is_over(row, now)]
    return [
        *(Answer.withdrawn(row.authority, int(row.serial, 16), row.revision, now) for row in over),
        *custody.answers(spoken, this_update=now, next_update=now + LIFETIME),
    ]


def _is_over(row: _Row, now: datetime) -> bool:
    """Whether the certificate ended so long ago that nothing is said of it any more."""
    return row.not_after < now - LIFETIME


def _status(row: _Row) -> SerialStatus:
    return SerialStatus(row.authority, row.serial, row.revision, row.revoked_at, row.revocation_reason)


def _lists(custody: Custody, shard: CrlShard, *, now: datetime) -> Iterator[Crl]:
    """The full list of a shard and its delta, under one number (RFC 5280 §5.2.3).

    A list signed by schedule is the base of the deltas until the next. Between, full lists drop nothing, so
    that base and delta together always say what the full list says.
    """
    shard.number = next_crl_number(shard.number or None, now)
    if shard.due_at <= now or not shard.base_number:
        shard.base_number, shard.listed_since, shard.scheduled_at = shard.number, shard.scheduled_at, now
        shard.due_at = now + HALF_LIFE
    assert shard.scheduled_at is not None, "a base was signed"
    dates = {"this_update": now, "next_update": now + LIFETIME}
    revoked = Certificate.objects.filter(
        authority=shard.authority, shard=shard.shard, state=CertificateState.REVOKED
    )
    yield custody.crl(
        shard.authority, shard.shard, _listed(revoked, shard.listed_since), number=shard.number, **dates
    )
    recent = revoked.filter(revoked_at__gte=shard.scheduled_at - COMMITTED_WITHIN)
    delta = custody.delta_crl(
        shard.authority,
        shard.shard,
        _listed(recent, shard.listed_since),
        number=shard.number,
        base_number=shard.base_number,
        **dates,
    )
    if delta:
        yield delta


def _listed(rows: QuerySet[Certificate], since: datetime | None) -> Iterator[SerialStatus]:
    for row in map(_Row._make, rows.values_list(*_Row._fields).iterator(chunk_size=5000)):
        if row.revoked_at and stays_listed(row.not_after + LISTED_BEYOND, row.revoked_at, since):
            yield _status(row)


def _switch(
    publisher: Publisher, custody: Custody, answers: list[Answer], crls: list[Crl], *, now: datetime
) -> Head:
    current = publisher.current()
    if current is not None and _overtaken(current) + len(answers) <= OVERTAKING:
        return publisher.overtake(answers, crls, now)
    return publisher.publish(answers, crls, custody.certificates(), publisher.next_number(now), now)


_kept: list[tuple[Path, Custody, Publisher]] = []


def _publisher(folder: Path, custody: Custody) -> Publisher:
    """Kept while the process lives: a new one would read and verify everything that is published."""
    if not _kept or _kept[0][:2] != (folder, custody):
        _kept[:] = [(folder, custody, Publisher(folder, custody.seal, custody.verify_seal))]
    return _kept[0][2]


def _overtaken(snapshot: Snapshot) -> int:
    """How many answers stand in the overlay, which is written anew at every change."""
    overlay = snapshot.overlay
    return sum(len(segment) for each in overlay.segments.values() for segment in each) if overlay else 0


def _store(rows: list[_Row], shards: list[CrlShard], *, now: datetime) -> None:
    dues = [None if _is_over(row, now) else now + HALF_LIFE - _stagger(row.serial) for row in rows]
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE certificates_certificate SET answer_due_at = due.at"
            " FROM unnest(%s::bigint[], %s::timestamptz[]) AS due (id, at)"
            " WHERE certificates_certificate.id = due.id",
            [[row.pk for row in rows], dues],
        )
    for shard in shards:
        shard.changed_at = None
    CrlShard.objects.bulk_update(
        shards, ["number", "base_number", "changed_at", "scheduled_at", "listed_since", "due_at"]
    )


def _stagger(serial: str) -> timedelta:
    return STAGGER * (zlib.crc32(serial.encode()) % 1000) / 1000
