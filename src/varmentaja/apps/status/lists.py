# SPDX-License-Identifier: EUPL-1.2
"""Revocation lists: which are to be signed, and what stands in them.

A certificate's ``first_listed`` says which list named it first; null while its revocation waits to be told.
So what a delta holds follows from numbers, and no clock can leave a revocation out.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime

from django.db.models import Aggregate, BinaryField, Max, Q, QuerySet

from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.status.answers import HALF_LIFE, LIFETIME, Row, whole_second
from varmentaja.apps.status.models import CrlShard
from varmentaja.domain.certificates import CertificateState
from varmentaja.pki.crl import next_crl_number
from varmentaja.pki.publication import Crl, Snapshot
from varmentaja.ports.custody import Custody

LISTED_BEYOND = 2 * LIFETIME
"""An entry stays in the lists so long after expiry: until then an answer may still call it revoked, and the
gate must find the two in agreement. RFC 5280 §3.3 asks for less."""
AT_ONCE = 25_000
"""Lists that are due by schedule are signed together up to so many entries (at least one list): a revocation
that comes meanwhile waits for no more."""

_PAGE = 10_000
"""Entries that are read at a time."""


def ensure_shards(custody: Custody, *, now: datetime) -> None:
    """A row for each list of the hierarchy."""
    known = set(CrlShard.objects.values_list("authority", "shard"))
    CrlShard.objects.bulk_create(
        [
            CrlShard(authority=name, shard=shard, due_at=now)
            for name, shard in custody.shards()
            if (name, shard) not in known
        ],
        ignore_conflicts=True,
    )


def waiting() -> QuerySet[Certificate]:
    """Revocations that no list and perhaps no answer tells yet, in the order of the index that holds them
    alone. PostgreSQL takes them for many: nearly all rows stand in no list."""
    return Certificate.objects.filter(state=CertificateState.REVOKED, first_listed=None).order_by("id")


def lists_of(rows: Iterable[Row]) -> list[CrlShard]:
    """The lists that these revoked certificates belong to."""
    places = {(row.authority, row.shard) for row in rows}
    return [
        shard
        for shard in CrlShard.objects.order_by("authority", "shard")
        if (shard.authority, shard.shard) in places or (shard.authority, None) in places
    ]


def due_lists(now: datetime) -> list[CrlShard]:
    """Lists to be signed by schedule, as many as go together."""
    due = CrlShard.objects.filter(Q(due_at__lte=now) | Q(base_number=0)).order_by("authority", "shard")
    chosen: list[CrlShard] = []
    entries = 0
    for shard in due:
        entries += _revoked(shard).count()
        if chosen and entries > AT_ONCE:
            break
        chosen.append(shard)
    return chosen


def sign_lists(
    custody: Custody, shard: CrlShard, told: Collection[int], published: Snapshot | None, *, now: datetime
) -> Iterator[Crl]:
    """The full list of a shard and its delta, under one number (RFC 5280 §5.2.3).

    They hold what was listed before and the certificates ``told`` (ids) with this list; what is revoked just
    now waits for the next, so that both say the same. A list signed by schedule is the base of the deltas
    until the next. Between, full lists drop nothing, so that base and delta together always say what the full
    list says.
    """
    signed_at = whole_second(now)
    shard.number = next_crl_number(_last_number(shard, published), now)
    if shard.due_at <= now or not shard.base_number:
        shard.base_number, shard.listed_since, shard.scheduled_at = (
            shard.number,
            shard.scheduled_at,
            signed_at,
        )
        shard.due_at = signed_at + HALF_LIFE
    dates = {"this_update": signed_at, "next_update": signed_at + LIFETIME}
    listed = Q(first_listed__isnull=False) | Q(pk__in=told)
    full = _entries(shard, listed)
    yield custody.crl(shard.authority, shard.shard, full, number=shard.number, **dates)
    since_base = Q(first_listed__gt=shard.base_number) | Q(pk__in=told)
    is_base = shard.base_number == shard.number
    delta = custody.delta_crl(
        shard.authority,
        shard.shard,
        () if is_base else _entries(shard, since_base),
        number=shard.number,
        base_number=shard.base_number,
        **dates,
    )
    if delta:
        yield delta


def note_told(shards: Collection[CrlShard], told: Collection[int]) -> None:
    """Store what was signed; certificates that are in every list of their authority go by the newest."""
    for shard in shards:
        listed = _revoked(shard).filter(pk__in=told)
        listed.filter(first_listed=None).update(first_listed=shard.number)
        listed.filter(shard=None, first_listed__lt=shard.number).update(first_listed=shard.number)
    # Whose list there is no more was told by its answer.
    Certificate.objects.filter(pk__in=told, first_listed=None).update(first_listed=0)
    CrlShard.objects.bulk_update(shards, ["number", "base_number", "scheduled_at", "listed_since", "due_at"])


def _last_number(shard: CrlShard, published: Snapshot | None) -> int | None:
    """Ours, or the published one: a run may have been cut off before it stored what it had published."""
    there = published.crls.get((shard.authority, str(shard.shard))) if published else None
    return max(shard.number, there.ref.number if there else 0) or None


def _revoked(shard: CrlShard) -> QuerySet[Certificate]:
    """All of the shard; and those whose shard nobody knows, which stand in every list of their authority."""
    mine = Q(shard=shard.shard) | Q(shard=None)
    return Certificate.objects.filter(mine, authority=shard.authority, state=CertificateState.REVOKED)


def _entries(shard: CrlShard, listed: Q) -> Iterator[bytes]:
    """What is stored of the rows, joined by the database: a page at a time, so that memory does not grow.

    An entry leaves after one scheduled list beyond expiry (RFC 5280 §3.3). The order is always the same, so
    that the gate finds quickly what two lists have in common.
    """
    rows = Certificate.objects.filter(listed, authority=shard.authority, state=CertificateState.REVOKED)
    if (since := shard.listed_since) is not None:
        rows = rows.filter(Q(not_after__gte=since - LISTED_BEYOND) | Q(revoked_at__gte=since))
    for place in (shard.shard, None):  # each in the order of its index
        last = 0
        while True:
            page = rows.filter(shard=place, pk__gt=last).order_by("pk")[:_PAGE]
            found = page.aggregate(last=Max("pk"), joined=_Joined("crl_entry"))
            if found["last"] is None:
                break
            yield bytes(found["joined"])
            last = found["last"]


class _Joined(Aggregate):
    """Octets one after the other."""

    function = "string_agg"
    template = "%(function)s(%(expressions)s, ''::bytea)"
    output_field = BinaryField()
