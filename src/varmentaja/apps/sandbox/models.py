# SPDX-License-Identifier: EUPL-1.2
"""Business time can be moved on in the sandbox; real time never (it dates certificates and sessions)."""

from __future__ import annotations

from django.db import models


class BusinessClock(models.Model):
    """One row: how many days business time runs ahead of real time."""

    days_ahead = models.PositiveIntegerField(default=0)
