# SPDX-License-Identifier: EUPL-1.2
"""What sign-in no longer needs to remember is deleted: old challenges, codes and sessions."""

from __future__ import annotations

from datetime import datetime
from importlib import import_module

from django.conf import settings

from varmentaja.apps.access.models import HandOver, UsedChallenge


def forget_expired(*, now: datetime) -> None:
    """Delete what has expired by real time; a challenge that expired is refused for its age alone."""
    UsedChallenge.objects.filter(expires_at__lt=now).delete()
    HandOver.objects.filter(expires_at__lt=now).delete()
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
