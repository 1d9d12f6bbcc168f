# SPDX-License-Identifier: EUPL-1.2
"""What the records know of certificates that relying parties have been told of, or would be, as revoked."""

from __future__ import annotations

from datetime import datetime

from django.db import connection
from django.db.models import Max

from varmentaja.apps.status.models import ToldRevoked
from varmentaja.domain.publication_gate import CertificateName
from varmentaja.pki.serials import serial_text

_TOLD = """
    SELECT authority, serial FROM unnest(%s::text[], %s::text[]) AS given (authority, serial)
    JOIN status_toldrevoked USING (authority, serial)
"""
_REVOKED = """
    SELECT authority, serial FROM unnest(%s::text[], %s::text[]) AS given (authority, serial)
    JOIN certificates_certificate USING (authority, serial) WHERE state = 'revoked'
"""
_REMEMBER = """
    INSERT INTO status_toldrevoked (authority, serial, told_at)
    SELECT authority, serial, %s FROM unnest(%s::text[], %s::text[]) AS given (authority, serial)
    ON CONFLICT DO NOTHING
"""
_TOLD_BY = f"{_TOLD} WHERE status_toldrevoked.id <= %s"
_FORGET = """
    DELETE FROM status_toldrevoked AS told USING unnest(%s::text[], %s::text[]) AS given (authority, serial)
    WHERE told.authority = given.authority AND told.serial = given.serial
"""


def told(names: frozenset[CertificateName]) -> frozenset[CertificateName]:
    """Those of them that a publication has told of as revoked before."""
    return _those(_TOLD, names)


def last_told() -> int:
    """Up to where it is known now what was told: for ``told_by``."""
    return ToldRevoked.objects.aggregate(last=Max("id"))["last"] or 0


def told_by(last: int, names: frozenset[CertificateName]) -> frozenset[CertificateName]:
    """Those that had been told of as revoked then; whoever reads the records after that sees it in them."""
    return _those(_TOLD_BY, names, last)


def revoked_in_records(names: frozenset[CertificateName]) -> frozenset[CertificateName]:
    """Those of them that the records call revoked."""
    return _those(_REVOKED, names)


def remember(names: frozenset[CertificateName], *, now: datetime) -> None:
    """They have been told of as revoked."""
    if names:
        with connection.cursor() as cursor:
            cursor.execute(_REMEMBER, [now, *_columns(names)])


def forget(names: frozenset[CertificateName]) -> None:
    """Two officers have let through that they are told of as good again."""
    if names:
        with connection.cursor() as cursor:
            cursor.execute(_FORGET, _columns(names))


def _those(query: str, names: frozenset[CertificateName], *more: int) -> frozenset[CertificateName]:
    if not names:
        return frozenset()
    with connection.cursor() as cursor:
        cursor.execute(query, [*_columns(names), *more])
        return frozenset((authority, int(serial, 16)) for authority, serial in cursor.fetchall())


def _columns(names: frozenset[CertificateName]) -> list[list[str]]:
    """In one order everywhere: two that insert in another one could wait for each other."""
    ordered = sorted(names)
    return [[authority for authority, _ in ordered], [serial_text(serial) for _, serial in ordered]]
