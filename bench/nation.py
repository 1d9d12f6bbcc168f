# SPDX-License-Identifier: EUPL-1.2
"""A synthetic nation's certificates in the service's own database: ``fill`` copies their rows.

Four certificates for each cardholder (two by the authority for professionals, two by the one for temporary
cards), 5 % revoked, ends spread over five years. They have no private keys and, but for the few that
``fill_sampled`` has really issued, no DER: status answers and lists need the rows alone. Everything about
holder n follows from n: an interrupted filling goes on where it stopped, and nations of one size are alike.
Shards are drawn as evenly as custody draws them, one for each 100,000 certificates of an authority.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import TypeVar

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import connection, transaction

from bench.sizes import AUTHORITIES, EACH
from varmentaja.apps.certificates.models import Certificate
from varmentaja.domain.certificates import CertificateState
from varmentaja.domain.errors import DomainError
from varmentaja.domain.revocation import RevocationReason
from varmentaja.pki.crl import encode_entry, reason_of
from varmentaja.pki.names import Subject
from varmentaja.ports.custody import CertificateOrder, Custody

REVOKED = 0.05
_CHUNK = 5_000
_LIFE = timedelta(days=1826)
_COLUMNS = (
    "authority, serial, state, purpose, chip_serial, key_hash, profile, profile_version, profile_hash,"
    " subject, shard, not_before, not_after, twin, reserved_at, issued_at, revoked_at, revocation_reason,"
    " revision, answer_due_at, first_listed, crl_entry"
)
_REASONS = tuple(RevocationReason)

_T = TypeVar("_T")

Tell = Callable[[int], object]
"""Told after each step how many holders there are."""


def fill(holders: int, *, now: datetime, shards: int = 1, tell: Tell = lambda _: None) -> None:
    """Copy what is missing of so many cardholders' certificates; their first answers are due at ``now``."""
    known = Certificate.objects.filter(profile_version="nation").count() // EACH
    tell(known)
    for first in range(known, holders, _CHUNK):
        last = min(first + _CHUNK, holders)
        with (
            transaction.atomic(),  # a chunk is there as a whole or not at all
            connection.cursor() as cursor,
            cursor.copy(f"COPY certificates_certificate ({_COLUMNS}) FROM STDIN") as copy,
        ):
            copy.write("".join(row for holder in range(first, last) for row in _rows(holder, now, shards)))
        tell(last)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE certificates_certificate")


def fill_list(authority: str, revoked: int, good: int, *, now: datetime) -> None:
    """Certificates of one authority that stand in its first list, and others that may be revoked."""
    with (
        connection.cursor() as cursor,
        cursor.copy(f"COPY certificates_certificate ({_COLUMNS}) FROM STDIN") as copy,
    ):
        for number in range(revoked + good):
            at = now - timedelta(days=1) if number < revoked else None
            lasts, serial = (now, now + _LIFE), serial_of(number, EACH)
            copy.write(_row(authority, serial, number, 0, lasts, at, now, version="list"))
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE certificates_certificate")  # as the database does after a while


def serial_of(holder: int, place: int) -> str:
    """The serial of a holder's certificate: as random as a real one, and always the same."""
    octets = bytearray(hashlib.sha256(f"nation {holder} {place}".encode()).digest()[:16])
    octets[0] = 0x40 | (octets[0] & 0x3F)
    return octets.hex()


def serials(holders: int) -> Iterator[int]:
    """Of all certificates of so many cardholders."""
    return (int(serial_of(holder, place), 16) for holder in range(holders) for place in range(EACH))


def _rows(holder: int, now: datetime, shards: int) -> Iterator[str]:
    """Lines of COPY. Whether a certificate is revoked, its shard and its dates follow from its serial."""
    for place, authority in enumerate(AUTHORITIES):
        serial = serial_of(holder, place)
        chance = int(serial[16:24], 16) / 2**32
        left = _LIFE * (int(serial[24:], 16) / 2**32)
        begun = now + left - _LIFE
        revoked_at = begun + (now - begun) * (chance / REVOKED) if chance < REVOKED else None
        shard = int(serial[8:16], 16) % shards
        purpose = ("authentication", "signature")[place % 2]
        yield _row(authority, serial, holder, shard, (begun, now + left), revoked_at, now, purpose)


def _row(
    authority: str,
    serial: str,
    holder: int,
    shard: int,
    lasts: tuple[datetime, datetime],
    revoked_at: datetime | None,
    due_at: datetime,
    purpose: str = "authentication",
    version: str = "nation",
) -> str:
    reason = _REASONS[holder % len(_REASONS)]
    begun = lasts[0].isoformat()
    revocation = ("\\N", "", "0", due_at.isoformat(), "\\N", "\\N")
    if revoked_at:
        entry = encode_entry(serial, revoked_at, reason_of(reason)).hex()
        revocation = (revoked_at.isoformat(), reason, "1", due_at.isoformat(), "0", f"\\\\x{entry}")
    fields = (
        authority,
        serial,
        CertificateState.REVOKED if revoked_at else CertificateState.ISSUED,
        purpose,
        f"{holder:020X}",
        serial * 2,
        "professional-sign" if purpose == "signature" else "professional-auth",
        version,
        "",
        f"CN=Cardholder {holder},C=FI",
        str(shard),
        begun,
        lasts[1].isoformat(),
        "\\\\x",
        begun,
        begun,
        *revocation,
    )
    return "\t".join(fields) + "\n"


def fill_sampled(custody: Custody, count: int, *, now: datetime) -> None:
    """Add certificates that an authority has really linted and signed, for keys thrown away."""
    prepared = [_made(each) for each in custody.prepare([_order(number, now) for number in range(count)])]
    issued = custody.issue([each.token for each in prepared])
    Certificate.objects.bulk_create(
        Certificate(
            authority=AUTHORITIES[0],
            serial=each.serial,
            state=CertificateState.ISSUED,
            purpose="authentication",
            key_hash=each.serial * 2,
            profile=each.profile,
            profile_version="sampled",
            profile_hash=each.profile_hash,
            subject=each.subject,
            shard=each.shard,
            not_before=each.not_before,
            not_after=each.not_after,
            twin=each.twin,
            der=_made(der),
            reserved_at=now,
            issued_at=now,
            answer_due_at=now,
        )
        for each, der in zip(prepared, issued, strict=True)
    )


def _made(result: _T | DomainError) -> _T:
    if isinstance(result, DomainError):
        raise result
    return result


def _order(number: int, now: datetime) -> CertificateOrder:
    key = ec.generate_private_key(ec.SECP384R1()).public_key()
    return CertificateOrder(
        authority=AUTHORITIES[0],
        profile="professional-auth",
        subject=Subject(
            serial_number=f"{90_000_000_000 + number}",
            given_names="Sara",
            first_name="Sara",
            surname="Korpikangas",
            title="Test",
        ),
        public_key=key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        not_before=now.replace(microsecond=0),
        not_after=now.replace(microsecond=0) + timedelta(days=365),
    )
