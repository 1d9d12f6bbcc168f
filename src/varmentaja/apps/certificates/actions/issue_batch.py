# SPDX-License-Identifier: EUPL-1.2
"""Issue certificates, one or many together: reserve the serials, sign each once, store.

The rows with the serials and the linted twins are committed before the authority signs. A process killed in
between leaves reserved rows; their serials are burned by the next attempt (burn_reserved.py). A batch of any
size takes these two commits; what goes wrong with one certificate is its own result and stops no other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import structlog
from django.db import connection, transaction

from varmentaja.apps.audit.recording import AuditAction, record_each
from varmentaja.apps.bulk import insert_all
from varmentaja.apps.cards.models import Card
from varmentaja.apps.certificates.actions.burn_reserved import burn
from varmentaja.apps.certificates.models import Certificate
from varmentaja.apps.status.actions.announce_change import announce_change
from varmentaja.domain.actors import SYSTEM
from varmentaja.domain.batch import go_on
from varmentaja.domain.certificates import CertificateState
from varmentaja.domain.errors import DomainError, Kind, conflict
from varmentaja.ports.connected import outside
from varmentaja.ports.custody import CertificateOrder, Custody, Prepared

_log = structlog.get_logger("certificates")


@dataclass(frozen=True, slots=True)
class KeyRequest:
    """A certificate for one key of a card, whose possession has been proved."""

    card: Card | None
    """None for a key that is on no card: a canary's."""
    purpose: str
    """authentication or signature."""
    order: CertificateOrder


def issue_batch(requests: Sequence[KeyRequest], *, now: datetime) -> list[Certificate | DomainError]:
    """For each request its certificate, or why there is none.

    A key that has a certificate already (of this card and authority) is given that one. Raises DomainError
    ``unavailable`` for all when the keys or the checks cannot be reached before anything is reserved.
    """
    known = _issued_before(requests)
    wanted = {_identity(each): each for each in requests if _identity(each) not in known}
    made = dict(zip(wanted, _issue(list(wanted.values()), now=now), strict=True)) if wanted else {}
    return [known.get(_identity(each)) or made[_identity(each)] for each in requests]


def key_hash_of(public_key: bytes) -> str:
    """By what a certificate is found for a key (SubjectPublicKeyInfo, DER)."""
    return hashlib.sha256(public_key).hexdigest()


_Identity = tuple[int | None, str, str]
"""Card, authority and key: one certificate each."""
_Ready = tuple[KeyRequest, Prepared]


def _identity(request: KeyRequest) -> _Identity:
    return (
        request.card.pk if request.card else None,
        request.order.authority,
        key_hash_of(request.order.public_key),
    )


def _issued_before(requests: Sequence[KeyRequest]) -> dict[_Identity, Certificate]:
    rows = Certificate.objects.filter(
        key_hash__in=[key_hash for _, _, key_hash in map(_identity, requests)], state=CertificateState.ISSUED
    )
    return {(row.card_id, row.authority, row.key_hash): row for row in rows}


def _issue(requests: list[KeyRequest], *, now: datetime) -> list[Certificate | DomainError]:
    custody = outside().custody
    assert custody is not None, "the worker holds the keys"
    prepared = custody.prepare([request.order for request in requests])
    _alarm(prepared)
    pairs = [
        each if isinstance(each, DomainError) else (request, each)
        for request, each in zip(requests, prepared, strict=True)
    ]
    return go_on(pairs, partial(_sign, custody=custody, now=now))


def _alarm(prepared: Sequence[Prepared | DomainError]) -> None:
    """Lint that stops issuance stops it for everybody alike: somebody must see to it."""
    stopped = {
        str(each) for each in prepared if isinstance(each, DomainError) and each.kind is Kind.UNAVAILABLE
    }
    for reason in sorted(stopped):
        _log.error("certificates cannot be issued", reason=reason)


def _sign(pairs: list[_Ready], custody: Custody, now: datetime) -> list[Certificate | DomainError]:
    rows = _reserve(pairs, now=now)
    signed = custody.issue([prepared.token for _, prepared in pairs])
    return _store(rows, signed, now=now)


def _reserve(pairs: list[_Ready], *, now: datetime) -> list[Certificate]:
    rows = [_row(request, prepared, now=now) for request, prepared in pairs]
    with transaction.atomic():
        insert_all(rows)
        record_each(AuditAction.CERTIFICATE_RESERVED, SYSTEM, rows)
    return rows


def _row(request: KeyRequest, prepared: Prepared, *, now: datetime) -> Certificate:
    return Certificate(
        authority=request.order.authority,
        serial=prepared.serial,
        state=CertificateState.RESERVED.value,
        card=request.card,
        person_id=request.card.person_id if request.card else None,
        purpose=str(request.purpose),
        chip_serial=(request.card.chip_serial if request.card else None) or "",
        key_hash=key_hash_of(request.order.public_key),
        profile=prepared.profile,
        profile_version=prepared.profile_version,
        profile_hash=prepared.profile_hash,
        plan_hash=prepared.plan_hash,
        subject=prepared.subject,
        shard=prepared.shard,
        not_before=prepared.not_before,
        not_after=prepared.not_after,
        twin=prepared.twin,
        reserved_at=now,
    )


def _store(
    rows: list[Certificate], signed: Sequence[bytes | DomainError], *, now: datetime
) -> list[Certificate | DomainError]:
    """Rows that another run burned meanwhile, taking this one for dead, stay so; what was not signed is
    burned."""
    with transaction.atomic():
        reserved = Certificate.objects.select_for_update().filter(
            pk__in=[row.pk for row in rows], state=CertificateState.RESERVED
        )
        held = set(reserved.order_by("id").values_list("pk", flat=True))
        results = [
            _signed(row, der, now=now) if row.pk in held else _burned_meanwhile()
            for row, der in zip(rows, signed, strict=True)
        ]
        issued = [result for result in results if isinstance(result, Certificate)]
        _write(issued, now=now)
        record_each(AuditAction.CERTIFICATE_ISSUED, SYSTEM, issued)
        burn([row for row in rows if row.pk in held and row.der is None])
        if issued:
            announce_change()
    return results


def _signed(row: Certificate, der: bytes | DomainError, *, now: datetime) -> Certificate | DomainError:
    if isinstance(der, DomainError):
        return der
    row.state, row.der, row.issued_at, row.answer_due_at = CertificateState.ISSUED.value, der, now, now
    return row


def _burned_meanwhile() -> DomainError:
    return conflict("Issuing was interrupted, so this serial number will never be used.")


def _write(rows: list[Certificate], *, now: datetime) -> None:
    """All in one statement: ``bulk_update`` would write a CASE with a branch for every row."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE certificates_certificate AS held"
            " SET state = %s, der = made.der, issued_at = %s, answer_due_at = %s"
            " FROM unnest(%s::bigint[], %s::bytea[]) AS made(id, der) WHERE held.id = made.id",
            [CertificateState.ISSUED, now, now, [row.pk for row in rows], [row.der for row in rows]],
        )
