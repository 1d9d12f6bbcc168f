# SPDX-License-Identifier: EUPL-1.2
"""Bring the public directory up to what responders serve, and to the consents.

The directory is compared with what should stand in it, entry by entry, and only differences are written: a
run that is cut off is simply done again, and a directory that was restored from a backup heals by itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import structlog
from django.conf import settings
from django.db import transaction

from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.directory.models import Consent
from varmentaja.apps.status.queries import published
from varmentaja.domain.actors import SYSTEM
from varmentaja.domain.certificates import CertificateState
from varmentaja.pki.directory import Entry, ShardLists, authority_entries, person_entry
from varmentaja.pki.publication import Snapshot
from varmentaja.ports.connected import outside
from varmentaja.ports.custody import Custody
from varmentaja.ports.directory import Directory

_log = structlog.get_logger("directory")


def publish(*, now: datetime) -> int:
    """How many entries were changed; nothing is done where there is no directory.

    Raises DomainError unavailable.
    """
    directory, custody = outside().directory, outside().custody
    if directory is None:
        return 0
    assert custody is not None, "the worker holds the keys"
    changed = sum(directory.put(entry) for entry in _authorities(custody))
    changed += _persons(directory, now=now)
    if changed:
        _log.info("directory_published", entries=changed)
    return changed


def _authorities(custody: Custody) -> Iterator[Entry]:
    """From the publication itself, so that the directory never says more than responders do."""
    current = published()
    if current is None:
        return
    shards: dict[str, list[int]] = {}
    for name, number in custody.shards():
        shards.setdefault(name, []).append(number)
    for name, certificate in current.certificates.items():
        lists = [_lists(current, name, number) for number in sorted(shards[name])]
        yield from authority_entries(certificate, lists)


def _lists(snapshot: Snapshot, authority: str, shard: int) -> ShardLists:
    delta = snapshot.crls.get((authority, f"{shard}-delta"))
    return ShardLists(bytes(snapshot.crls[authority, str(shard)].der), bytes(delta.der) if delta else None)


def _persons(directory: Directory, *, now: datetime) -> int:
    """Put in who has consented and has certificates in force; take out everybody else."""
    wanted = dict(_consented(now)) if settings.DIRECTORY_PERSONS else {}
    added = [number for number, entry in wanted.items() if directory.put(entry)]
    removed = sorted(directory.persons() - set(wanted))
    for number in removed:
        directory.remove_person(number)
    with transaction.atomic():
        for number in added:
            record(AuditAction.DIRECTORY_PERSON_PUBLISHED, SYSTEM, personal={"number": number})
        for number in removed:
            record(AuditAction.DIRECTORY_PERSON_REMOVED, SYSTEM, personal={"number": number})
    return len(added) + len(removed)


def _consented(now: datetime) -> Iterator[tuple[str, Entry]]:
    """By serialNumber: someone with a card of each kind has two."""
    consents = Consent.objects.filter(withdrawn_at=None).order_by("id")
    for person in consents.values_list("person_id", flat=True).iterator(chunk_size=500):
        rows = Certificate.objects.filter(
            person_id=person, state=CertificateState.ISSUED, not_before__lte=now, not_after__gt=now
        )
        by_number: dict[str, list[bytes]] = {}
        for der in rows.order_by("-id").values_list("der", flat=True):
            if der is not None:
                ((_, number),) = person_entry([bytes(der)]).path
                by_number.setdefault(number, []).append(bytes(der))
        for number, ders in by_number.items():
            yield number, person_entry(ders)
