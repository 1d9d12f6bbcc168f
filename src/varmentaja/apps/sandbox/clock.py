# SPDX-License-Identifier: EUPL-1.2
"""Business time: the date that deadlines, letters and reminders go by."""

from __future__ import annotations

from datetime import date, timedelta

from django.utils import timezone

from varmentaja.apps.sandbox.models import BusinessClock


def business_today() -> date:
    """Today in Finland, moved on by as many days as the sandbox says."""
    ahead = BusinessClock.objects.values_list("days_ahead", flat=True).first() or 0
    return timezone.localdate() + timedelta(days=ahead)
