# SPDX-License-Identifier: EUPL-1.2
"""Records that were restored from a backup learn from the publication what has happened since.

What is published as revoked is revoked in the records again, with time and reason. A certificate that the
records do not know gets a record of its own kind: its serial is never used again, and its status goes on
being told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import groupby, islice
from operator import itemgetter

import structlog
from cryptography import x509
from cryptography.x509 import ocsp

from varmentaja.apps.certificates.actions.restore_certificates import PublishedStatus, restore_certificates
from varmentaja.apps.status.models import CrlShard, Publication
from varmentaja.apps.status.named import Place, entries, full_lists, note_named
from varmentaja.apps.status.told import remember, told
from varmentaja.domain.revocation import RevocationReason
from varmentaja.pki.publication import Snapshot

_CHUNK = 5000
_log = structlog.get_logger("status")


def restore_records(current: Snapshot, *, since: int, now: datetime) -> int:
    """Go through what was published after set ``since``, the last that the records know; how many were
    restored.

    Runs in the caller's transaction. After a run that was cut off between publishing and storing there is
    little to look at, and nothing to restore.
    """
    newer, restored, revoked = list(_newer_lists(current)), 0, 0
    for authority, group in groupby(_published_since(current, newer, since), key=itemgetter(0)):
        while chunk := [status for _, status in islice(group, _CHUNK)]:
            restored += restore_certificates(authority, chunk, now=now)
            revoked += _remember(authority, chunk, now)
    note_named(current, newer)
    for authority, shard in newer:  # the base that the records know of may be older than the published one
        CrlShard.objects.filter(authority=authority, shard=int(shard)).update(due_at=now)
    if restored:
        _log.error("records_restored", certificates=restored, known_set=since)
    head = current.head
    Publication.objects.create(
        set_number=head.set.number,
        generation=head.generation,
        published_at=now,
        answers=0,
        crls=0,
        revocations=0 if restored else revoked,  # of a run that was cut off; others are of before the backup
    )
    return restored


def _remember(authority: str, published: Iterable[PublishedStatus], now: datetime) -> int:
    """That relying parties have been told of them as revoked; of how many the records did not know it."""
    names = frozenset((authority, each.serial) for each in published if each.revoked_at is not None)
    fresh = names - told(names)
    remember(fresh, now=now)
    return len(fresh)


def _published_since(
    current: Snapshot, lists: Iterable[Place], since: int
) -> Iterator[tuple[str, PublishedStatus]]:
    """Lists first: only they tell a certificate's shard."""
    for authority, shard in lists:
        for listed in entries(current, (authority, shard)):
            yield authority, _from_list(current, authority, int(shard), listed)
    for authority, segment in current.segments_since(since):
        for entry in segment:
            found = current.find(authority, entry.serial)
            if found and found[1].version == entry.version and not entry.is_withdrawn:
                answer = ocsp.load_der_ocsp_response(segment.sha256(entry))
                yield authority, _from_answer(entry.serial, entry.revision, answer)


def _newer_lists(current: Snapshot) -> Iterator[Place]:
    """Authority and shard of the full lists that are newer than the records know."""
    recorded = {(each.authority, str(each.shard)): each.number for each in CrlShard.objects.all()}
    for place in full_lists(current):
        if current.crls[place].ref.number > recorded.get(place, 0):
            yield place


def _from_list(
    current: Snapshot, authority: str, shard: int, entry: x509.RevokedCertificate
) -> PublishedStatus:
    reason = entry.extensions.get_extension_for_class(x509.CRLReason).value.reason
    revision, _ = current.version(authority, entry.serial_number)
    return PublishedStatus(
        entry.serial_number,
        max(revision, 1),
        entry.revocation_date_utc,
        RevocationReason(reason.value).value,
        shard,
    )


def _from_answer(serial: int, revision: int, answer: ocsp.OCSPResponse) -> PublishedStatus:
    reason = answer.revocation_reason
    return PublishedStatus(
        serial, revision, answer.revocation_time_utc, RevocationReason(reason.value).value if reason else ""
    )
