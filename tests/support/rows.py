# SPDX-License-Identifier: EUPL-1.2
"""Certificates in the records without cards or keys, as many as a test needs: statuses need rows alone."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any


def issued_rows(count: int, *, now: datetime, authority: str = "professionals-ecc") -> list[Any]:
    """So many certificates in force whose first answers are due."""
    from varmentaja.apps.certificates.models import Certificate

    known = Certificate.objects.count()
    rows = [
        Certificate(
            authority=authority,
            serial=f"4{number:031x}",
            state="issued",
            purpose="authentication",
            key_hash=f"{number:064x}",
            profile="professional-auth",
            profile_version="test",
            profile_hash="",
            subject="CN=Test",
            shard=0,
            not_before=now - timedelta(days=1),
            not_after=now + timedelta(days=1826),
            twin=b"",
            reserved_at=now,
            issued_at=now,
            answer_due_at=now,
        )
        for number in range(known, known + count)
    ]
    return Certificate.objects.bulk_create(rows)
