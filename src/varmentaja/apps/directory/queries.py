# SPDX-License-Identifier: EUPL-1.2
"""Reads of consents."""

from __future__ import annotations

from datetime import datetime

from varmentaja.apps.directory.models import Consent


def consented_at(person_id: int) -> datetime | None:
    """Since when the person may stand in the directory; None: not."""
    return (
        Consent.objects.filter(person_id=person_id, withdrawn_at=None)
        .values_list("given_at", flat=True)
        .first()
    )
