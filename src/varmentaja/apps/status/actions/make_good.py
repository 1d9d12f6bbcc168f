# SPDX-License-Identifier: EUPL-1.2
"""Before anything is published: make good what was lost, damaged, restored from a copy or wrongly dated.

Records and publication folder are compared by the numbers of the last publication, which only grow. Whichever
is behind is brought up to the other, so that statuses and numbers never go back. A publication that is behind
or lost is made anew beside what responders follow, and put in force when it is whole (rebuilding.py).
"""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from django.db.models import Q

from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.status.actions.restore_records import restore_records
from varmentaja.apps.status.answers import HALF_LIFE, LIFETIME, STAGGER
from varmentaja.apps.status.models import CrlShard, Publication, Rebuild
from varmentaja.apps.status.named import full_lists, note_named
from varmentaja.apps.status.publication import Position, kept, position
from varmentaja.apps.status.rebuilding import begin, finish, goes_on, open_rebuild, tell_again
from varmentaja.domain.actors import SYSTEM
from varmentaja.domain.certificates import CertificateState
from varmentaja.domain.errors import DomainError, message
from varmentaja.domain.publication_gate import Finding, Gate
from varmentaja.pki.publication import Snapshot
from varmentaja.pki.publication.gates import Held

AHEAD = timedelta(minutes=1)
"""The published head may be dated so much later than now: clocks are set right by seconds every day."""
_LANES = 10
"""Publications among which the last one is: lanes store theirs in another order than they switched."""
_FOLDER = "publication"
"""What such a finding is about: two officers' word for it lets nothing else pass."""
_NONE: Position = (0, 0)
_NEVER_TOLD = (CertificateState.RESERVED, CertificateState.BURNED)
_RUN = timedelta(minutes=10)
"""What was switched last may have been signed so long before what was switched ahead of it."""
_SOONER = timedelta(seconds=1)
"""What fell due earlier is signed later."""

_log = structlog.get_logger("status")


def last_published() -> Position:
    """The last publication that the records know of."""
    last = list(Publication.objects.order_by("-id").values_list("set_number", "generation")[:_LANES])
    if rebuild := open_rebuild():  # sets that nobody follows yet, and overlays over an old one meanwhile
        last.append((max(rebuild.staged, rebuild.set_number), rebuild.generation))
    return max(last, default=_NONE)


def is_sound(now: datetime) -> bool:
    """Whether there is nothing to be made good."""
    last = last_published()
    try:
        current = kept().publisher.current()
    except (DomainError, OSError):
        return False
    return (
        current is not None
        and kept().compared
        and open_rebuild() is None
        and position(current.head) >= last
        and current.head.time <= now + AHEAD
    )


def make_good(now: datetime) -> None:
    """Bring what is behind up to what is ahead; one run at a time, in its transaction.

    Raises ``Held`` when what is published is damaged and newer than the records: nobody could tell then what
    was revoked.
    """
    last = last_published()  # before the folder: the other lane may publish meanwhile, and be ahead there
    current = _readable(last, now)
    rebuild = open_rebuild()
    if rebuild and current and position(current.head) > last:  # cut off when it had just been put in force
        finish(rebuild, now=now)
    elif rebuild and current and position(current.head) >= (rebuild.set_number, rebuild.generation):
        _go_on_with_copy(rebuild, current, now)
        last = rebuild.set_number, rebuild.generation
    elif rebuild and goes_on(rebuild, current):
        return
    elif rebuild:  # what it had made is lost, too
        last = rebuild.set_number, rebuild.generation
    if current is None:
        if last != _NONE:
            begin(_sign_again(Q(answer_due_at__gt=now), now), last, None, now=now)
    elif position(current.head) < last:
        _log.warning("publication_behind", published=position(current.head), recorded=last)
        begin(_sign_again(_signed_after(current, now), now), last, current, now=now)
    elif position(current.head) > last and not kept().compared:
        restore_records(current, since=last[0], now=now)
    if current is not None and current.head.time > now + AHEAD:
        _date_again(current, now)
    kept().compared = True


def _go_on_with_copy(rebuild: Rebuild, current: Snapshot, now: datetime) -> None:
    """What was lost has been put back, as a responder had it, while it was being made anew: it is in force,
    and what was signed for the other one is due again."""
    finish(rebuild, now=now)
    _sign_again(_renewed_after(rebuild.begun_at), now)
    tell_again(current)  # what was told over an older folder meanwhile
    note_named(current, full_lists(current))
    kept().compared = False


def _readable(last: Position, now: datetime) -> Snapshot | None:
    """What is published; a damaged folder is set aside, and made anew from the records as if it were lost.

    One that cannot be read for now (no rights, no more open files, a disk that fails) is not damaged: that is
    for people to see to.
    """
    publisher = kept().publisher
    try:
        return publisher.current()
    except (DomainError, FileNotFoundError) as damage:
        head = publisher.head()
        if head is not None and position(head) > last:
            text = message(
                "What is published is damaged and newer than the records: the set must be put back from a"
                " responder's copy."
            )
            raise Held([Finding(Gate.GOING_BACK, _FOLDER, 1, text)]) from damage
        aside = publisher.set_aside(f"{now:%Y%m%dT%H%M%S}")
        _log.error("publication_damaged", problem=str(damage), kept_in=str(aside))
        record(AuditAction.PUBLICATION_DAMAGED, SYSTEM, facts={"kept_in": aside.name})
        return None
    except OSError as error:
        text = message("The publication folder cannot be read: %(reason)s", reason=str(error.strerror))
        raise Held([Finding(Gate.REJECTED, _FOLDER, 1, text)]) from error


def _signed_after(current: Snapshot, now: datetime) -> Q:
    """What was signed or withdrawn after the folder's head. Else what was revoked since would stay good until
    its half-life."""
    head = current.head.time - _RUN
    ended = Q(answer_due_at=None, not_after__gt=head - LIFETIME - HALF_LIFE, not_after__lte=now - LIFETIME)
    return _renewed_after(head) | (ended & ~Q(state__in=_NEVER_TOLD))


def _renewed_after(moment: datetime) -> Q:
    """Whose answer was signed after it: none is due sooner than so long after its signature."""
    return Q(answer_due_at__gt=moment + HALF_LIFE - STAGGER)


def _sign_again(rows: Q, now: datetime) -> int:
    """They are due again, the revoked first (answers.py), and all lists; how many."""
    chosen = Certificate.objects.filter(rows)
    count = chosen.exclude(state=CertificateState.REVOKED).update(answer_due_at=now - _SOONER)
    count += chosen.filter(state=CertificateState.REVOKED).update(answer_due_at=now)
    CrlShard.objects.update(due_at=now)
    return count


def _date_again(current: Snapshot, now: datetime) -> None:
    """The clock was ahead when this was published, or is behind now: clients refuse what is dated in their
    future. It is signed again, and nothing goes by its dates any more."""
    _log.error("publication_dated_in_the_future", published=current.head.time.isoformat())
    withdrawn = Q(answer_due_at=None, not_after__gte=now - LIFETIME) & ~Q(state__in=_NEVER_TOLD)
    _sign_again(_renewed_after(now) | withdrawn, now)
    CrlShard.objects.filter(scheduled_at__gt=now).update(scheduled_at=None)
    CrlShard.objects.filter(listed_since__gt=now).update(listed_since=None)
    Publication.objects.filter(published_at__gt=now).update(published_at=now)
