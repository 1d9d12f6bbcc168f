# SPDX-License-Identifier: EUPL-1.2
"""Reads of letters."""

from __future__ import annotations

from datetime import date

from varmentaja.apps.letters.models import Letter
from varmentaja.domain.letters import LetterState


def due_letters(today: date) -> list[int]:
    """Ids of the letters that wait for ``today`` or an earlier business day."""
    waiting = Letter.objects.filter(state__in=[LetterState.DUE, LetterState.PRINTED], due_on__lte=today)
    return list(waiting.order_by("due_on", "id").values_list("id", flat=True))
