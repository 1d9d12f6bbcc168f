# SPDX-License-Identifier: EUPL-1.2
"""Sign and publish every OCSP answer and revocation list that has changed or is due.

Two lanes publish at the same time. Revocations and lists overtake (``publish_revocations``): nothing that
takes long is done there, but after a loss (``_rebuild``). New and renewed answers, by the thousand, and the
merging of sets are the other's (``publish_answers``). A run signs only what is due, so a day's work is
proportional to what changed. Files are switched before the rows are stored: a run that is cut off in between
is done again, and nothing published ever goes back.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import TypeVar

from django.db import connection, transaction

from varmentaja.apps.paging import is_any
from varmentaja.apps.status import answers, lists
from varmentaja.apps.status.actions.make_good import is_sound, last_published, make_good
from varmentaja.apps.status.answers import Row
from varmentaja.apps.status.gate import During, PublicationGate
from varmentaja.apps.status.holds import hold_back, settle, use_up
from varmentaja.apps.status.models import CrlShard, Publication, Rebuild
from varmentaja.apps.status.publication import Position, kept, keys
from varmentaja.apps.status.rebuilding import finish, note_staged, open_rebuild, takes_overlays
from varmentaja.apps.status.told import forget
from varmentaja.pki.publication import Head, Snapshot
from varmentaja.pki.publication.gates import Held

OVERTAKING = 200
"""Up to so many answers stand in the overlay; with more, all that overtook becomes part of a new set."""
BATCH = 5000
"""Answers signed in one run."""
_REVOCATIONS, _ANSWERS = (0x5654 << 48) + 1, (0x5654 << 48) + 2
"""Numbers of the advisory locks that let a lane's runs in turn (any that nobody else uses)."""

_LONG = timedelta(seconds=10)
"""Whoever waited longer for its turn has a new present: by the old one, what another has published meanwhile
would be dated in the future."""

_T = TypeVar("_T")


def publish_status(*, now: datetime) -> Head | None:
    """Everything that waits or is due, a batch of answers at the most: for those without a worker.

    None when there was nothing, or when a gate holds it back and the office is alarmed.
    """
    last = None
    while (head := publish_revocations(now=now)) is not None:
        last = head
    return publish_answers(now=now) or last


def publish_revocations(*, now: datetime) -> Head | None:
    """Tell what has been revoked, in answers and lists together; else sign lists that are due by schedule.

    It comes first after a loss, and makes the first set; while everything is made anew, one run is one step
    of that. None when there is nothing to do, or when a gate holds it back and the office is alarmed; lists
    do not go stale while revocations are held back.
    """
    begun = monotonic()
    if not _in_turn(_REVOCATIONS, _is_made_good, now, begun):
        return None
    steps = (_tell_revocations, _renew_lists, _rebuild)
    return next((head for step in steps if (head := _in_turn(_REVOCATIONS, step, now, begun))), None)


def publish_answers(*, now: datetime) -> Head | None:
    """Publish a batch of answers that are due, or bring what has overtaken into a set. None as above."""
    return _in_turn(_ANSWERS, _publish_answers, now, monotonic())


def is_behind(now: datetime) -> bool:
    """Whether answers are due still: one run signs a batch at the most."""
    return is_any(answers.due(now))


def _in_turn(lane: int, step: Callable[[datetime], _T | None], now: datetime, begun: float) -> _T | None:
    """Do it in a transaction, one run of the lane at a time wherever it runs: a worker that was only slow to
    show signs of life may still be at it. None when it is held back. ``begun`` is when it was ``now``, by the
    clock that nobody sets."""
    try:
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [lane])
            waited = timedelta(seconds=monotonic() - begun)
            return step(now if waited < _LONG else now + waited)
    except Held as held:
        hold_back(held.findings, now=now)
        return None
    except Exception:
        kept().compared = False  # it may have published what the records did not keep
        raise


def _is_made_good(now: datetime) -> bool:
    make_good(now)
    return True


def _tell_revocations(now: datetime) -> Head | None:
    lists.ensure_shards(keys(), now=now)
    current, rebuild = kept().publisher.current(), open_rebuild()
    if rebuild and not takes_overlays(rebuild, current):
        return None
    if current is not None and not is_any(lists.waiting()):
        return None
    gate = PublicationGate(last_published(), now=now)
    told = answers.read(lists.waiting()[:BATCH])
    if current is not None:
        return _publish(
            gate, current, told, told, lists.lists_of(told), now, During.OVER_OLD if rebuild else None
        )
    every = list(CrlShard.objects.order_by("authority", "shard"))
    return _publish(gate, None, [*told, *answers.read(answers.due(now)[:BATCH])], told, every, now)


def _renew_lists(now: datetime) -> Head | None:
    current = kept().publisher.current()
    if current is None or open_rebuild() or not lists.due_lists(now):
        return None
    gate = PublicationGate(last_published(), now=now)
    return _publish(gate, current, [], [], lists.due_lists(now), now)


def _rebuild(now: datetime) -> Head | None:
    """A batch for the set that is made anew. The last step puts it in force with every list and with all that
    waits to be told of as revoked, and the gate compares it with the records."""
    rebuild = open_rebuild()
    if rebuild is None:
        return None
    during = During.STEP if answers.due(now)[:BATCH].count() == BATCH else During.END
    gate = PublicationGate(last_published(), now=now, during=during)
    rows = answers.read(answers.due(now)[:BATCH])
    if during is During.STEP:
        return _stage(gate, rebuild, rows, now)
    told = answers.read(lists.waiting())
    every = list(CrlShard.objects.order_by("authority", "shard"))
    head = _publish(gate, kept().publisher.current(), [*told, *rows], told, every, now, During.END)
    finish(rebuild, now=now)
    return head


def _stage(gate: PublicationGate, rebuild: Rebuild, rows: Sequence[Row], now: datetime) -> Head:
    custody, last = keys(), last_published()
    publisher = kept().publisher.judged_by([gate])
    number = max(publisher.next_number(now), last[0] + 1)
    made = answers.sign_answers(custody, rows, now=now)
    head = publisher.stage(made, custody.certificates(), number, now, generation=last[1])
    answers.note_answered(rows, now=now)
    forget(gate.restored)
    use_up(gate)
    note_staged(rebuild, number, len(rows))
    return head


def _publish_answers(now: datetime) -> Head | None:
    if not is_sound(now):
        return None  # it is made good before revocations are told
    current = kept().publisher.current()
    assert current is not None, "it is sound"
    if not is_behind(now) and _overtaken(current) <= OVERTAKING:
        return None
    gate = PublicationGate(last_published(), now=now)
    return _publish(gate, current, answers.read(answers.due(now)[:BATCH]), [], [], now)


def _publish(
    gate: PublicationGate,
    current: Snapshot | None,
    rows: Sequence[Row],
    told: Sequence[Row],
    shards: Sequence[CrlShard],
    now: datetime,
    during: During | None = None,
) -> Head:
    """Sign, switch, store: answers for all ``rows``, lists for ``shards`` that tell of those ``told``."""
    custody, ids = keys(), {row.pk for row in told}
    made = answers.sign_answers(custody, rows, now=now)
    crls = [crl for shard in shards for crl in lists.sign_lists(custody, shard, ids, current, now=now)]
    publisher = kept().publisher.judged_by([gate])
    last = last_published()
    is_urgent = bool(told or shards)
    may_overtake = _may_overtake(current, last) and during is not During.END
    complete = during is not During.OVER_OLD and _is_complete(current, rows, now)
    if during is During.OVER_OLD or (
        may_overtake and (is_urgent or _overtaken(current) + len(made) <= OVERTAKING)
    ):
        head = publisher.overtake(made, crls, now, complete=complete)
    else:
        number = max(publisher.next_number(now), last[0] + 1)
        head = publisher.publish(
            made,
            crls,
            custody.certificates(),
            number,
            now,
            generation=last[1],
            complete=complete,
            over_staged=during is During.END,
        )
    answers.note_answered(rows, now=now)
    lists.note_told(shards, ids)
    Publication.objects.create(
        set_number=head.set.number,
        generation=head.generation,
        published_at=now,
        answers=len(made),
        crls=len(crls),
        **gate.counts,
    )
    settle(gate, now=now)
    return head


def _is_complete(current: Snapshot | None, rows: Sequence[Row], now: datetime) -> bool:
    """Whether with these every certificate is answered; once it is, only what is new waits, for a second."""
    if current is not None and current.head.complete:
        return True
    known = {row.pk for row in rows}
    first = answers.due(now).values_list("pk", flat=True)[: len(known) + 1]  # one of so many is no known one
    return known.issuperset(first)


def _may_overtake(current: Snapshot | None, last: Position) -> bool:
    """Whether there is a set to lay an overlay on that responders take: they refuse an older one than they
    have seen, and the folder may be yesterday's copy."""
    head = kept().publisher.head() if current else None
    return head is not None and head.set.number >= last[0]


def _overtaken(snapshot: Snapshot | None) -> int:
    """How many answers stand in the overlay, which is written anew at every change."""
    overlay = snapshot.overlay if snapshot else None
    return sum(len(segment) for each in overlay.segments.values() for segment in each) if overlay else 0
