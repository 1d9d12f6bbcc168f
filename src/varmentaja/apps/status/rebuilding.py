# SPDX-License-Identifier: EUPL-1.2
"""Making the publication anew after a loss: how far it is, and from where it goes on after a crash."""

from __future__ import annotations

from datetime import datetime

import structlog
from django.db.models import Q

from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.status.models import CrlShard, Rebuild
from varmentaja.apps.status.publication import Position, kept
from varmentaja.pki.publication import Snapshot

_log = structlog.get_logger("status")


def open_rebuild() -> Rebuild | None:
    """The one under way."""
    return Rebuild.objects.filter(finished_at=None).order_by("-id").first()


def begin(total: int, last: Position, current: Snapshot | None, *, now: datetime) -> None:
    """From here on a set is made in steps, and put in force when it is whole; what lies in the folder still
    (``current``) goes on being served to those who have seen nothing newer."""
    kept().publisher.unstage()
    Rebuild.objects.filter(finished_at=None).update(finished_at=now)
    Rebuild.objects.create(
        begun_at=now, set_number=last[0], generation=last[1], over_old=current is not None, total=total
    )
    if current is not None:
        tell_again(current)
        kept().publisher.tell_incomplete()
    _log.error("publication_rebuild_begun", answers=total, over_old=current is not None, lost_after=last)


def note_staged(rebuild: Rebuild, number: int, count: int) -> None:
    """A step was made."""
    rebuild.staged, rebuild.done = number, rebuild.done + count
    rebuild.save(update_fields=["staged", "done"])
    _log.warning("publication_rebuilding", done=rebuild.done, total=rebuild.total)


def finish(rebuild: Rebuild, *, now: datetime) -> None:
    """The whole set is in force."""
    kept().publisher.unstage()
    rebuild.finished_at = now
    rebuild.save(update_fields=["finished_at"])
    _log.warning("publication_rebuilt", answers=rebuild.done)


def goes_on(rebuild: Rebuild, current: Snapshot | None) -> bool:
    """Whether what it has made so far, and what that lies on, is still there."""
    if rebuild.over_old and current is None:
        return False
    staged = kept().publisher.staged()
    return not rebuild.staged or (staged is not None and staged.head.set.number >= rebuild.staged)


def takes_overlays(rebuild: Rebuild, current: Snapshot | None) -> bool:
    """Whether revocations may be told over what lies in the folder meanwhile: only those who have seen
    nothing newer follow it. Others keep the newer set, which says more than the old one with an overlay."""
    return current is not None and current.head.set.number < rebuild.set_number


def tell_again(current: Snapshot) -> None:
    """Revocations that the folder's lists don't name are told as if they were new: before all else, answer
    and list together."""
    for shard in CrlShard.objects.all():
        there = current.crls.get((shard.authority, str(shard.shard)))
        mine = Q(shard=shard.shard) | Q(shard=None)
        Certificate.objects.filter(
            mine,
            authority=shard.authority,
            state="revoked",
            first_listed__gt=there.ref.number if there else 0,
        ).update(first_listed=None)
