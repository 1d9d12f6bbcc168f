# SPDX-License-Identifier: EUPL-1.2
"""What published lists name already: the records may not know of it, since they are older than the lists."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from itertools import islice

from cryptography import x509

from varmentaja.apps.certificates.models import Certificate
from varmentaja.domain.certificates import CertificateState
from varmentaja.pki.publication import Snapshot
from varmentaja.pki.serials import serial_text

Place = tuple[str, str]
"""Authority and shard."""
_CHUNK = 5000


def full_lists(current: Snapshot) -> list[Place]:
    """All of them, without deltas."""
    return [place for place in current.crls if not place[1].endswith("-delta")]


def entries(current: Snapshot, place: Place) -> Iterator[x509.RevokedCertificate]:
    """What a published list holds."""
    return iter(x509.load_der_x509_crl(bytes(current.crls[place].der)))


def note_named(current: Snapshot, places: Collection[Place]) -> None:
    """Revoked certificates that these lists name do not wait to be told: a list signed without them
    would forget them.

    Of a certificate whose shard nobody knows, each list of its authority must tell.
    """
    for place in places:
        serials = (serial_text(entry.serial_number) for entry in entries(current, place))
        _note(place[0], serials, current.crls[place].ref.number, shard=int(place[1]))
    for authority in {name for name, _ in places}:
        lists = [place for place in full_lists(current) if place[0] == authority]
        named = _of_unknown_shard(authority)
        for place in lists if named else ():
            named &= {serial_text(entry.serial_number) for entry in entries(current, place)}
        _note(authority, named, max(current.crls[place].ref.number for place in lists), shard=None)


def _of_unknown_shard(authority: str) -> set[str]:
    waiting = Certificate.objects.filter(
        authority=authority, shard=None, state=CertificateState.REVOKED, first_listed=None
    )
    return set(waiting.values_list("serial", flat=True))


def _note(authority: str, serials: Iterable[str], number: int, shard: int | None) -> None:
    stream = iter(serials)
    while chunk := list(islice(stream, _CHUNK)):
        Certificate.objects.filter(
            authority=authority,
            serial__in=chunk,
            shard=shard,
            state=CertificateState.REVOKED,
            first_listed=None,
        ).update(first_listed=number)
