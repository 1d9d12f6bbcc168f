# SPDX-License-Identifier: EUPL-1.2
"""Pull a code set from the national code server; sets change without notice, so this is done every night."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from django.db import transaction

from varmentaja.apps.audit.recording import AuditAction, record
from varmentaja.apps.codes.models import Code
from varmentaja.domain.actors import SYSTEM
from varmentaja.ports.connected import outside


def import_code_set(oid: str, *, now: datetime) -> int:
    """Store every code of the set ``oid``; how many there are.

    Raises DomainError (not_found, unavailable): what was stored before stays.
    """
    answer = outside().code_server.code_set(oid, request_id=str(uuid4()))
    rows = [
        Code(
            code_set=oid,
            code=concept.code,
            status=concept.status,
            begins=concept.begins,
            expires=concept.expires,
            titles=concept.titles,
            imported_at=now,
        )
        for concept in answer.concepts
    ]
    with transaction.atomic():
        Code.objects.bulk_create(
            rows,
            update_conflicts=True,
            unique_fields=["code_set", "code"],
            update_fields=["status", "begins", "expires", "titles", "imported_at"],
        )
        record(AuditAction.CODE_SET_IMPORTED, SYSTEM, facts={"code_set": oid, "codes": len(rows)})
    return len(rows)
