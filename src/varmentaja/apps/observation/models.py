# SPDX-License-Identifier: EUPL-1.2
"""Disturbances that the office was told of."""

from __future__ import annotations

from django.db import models


class Outage(models.Model):
    """A disturbance that the observer has seen from outside, or its own silence."""

    service = models.CharField(max_length=20, blank=True)
    """Empty when the observer itself is silent."""
    trouble = models.CharField(max_length=20)
    begun_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    subjects = models.JSONField(default=list)
    """On what it was seen: addresses, or authorities with serials."""
    detail = models.TextField(blank=True)
    """What the program said that judged it, in English."""
    serious = models.BooleanField(default=False)
    """No question got a usable answer for longer than data/observer.toml allows."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["service", "trouble", "begun_at"], name="outage_once")]
        indexes = [models.Index(fields=["id"], condition=models.Q(ended_at__isnull=True), name="outage_open")]
